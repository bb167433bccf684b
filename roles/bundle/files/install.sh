#!/bin/sh
# Sets a controller up from the bundle, without any network: Ansible in a virtual environment, and the collection.
# 用离线包搭建控制机，无需网络：在虚拟环境中安装 Ansible 与本 collection。
#   sh controller/install.sh [--signer 'ssh-ed25519 AAAA...'] [FOLDER]        default: ./yitiji-controller
# First it checks who signed the bundle, and every file that it uses. / 先校验签名者及所用的每个文件。
set -eu
# The reader's language: appliance_language, or a Chinese locale; else both.
case ${YITIJI_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
    zh*) tell() { printf %s "$2"; } ;;
    en) tell() { printf %s "$1"; } ;;
    *) tell() { printf '%s / %s' "$1" "$2"; } ;;
esac
LC_ALL=C
export LC_ALL
bundle=$(cd "$(dirname "$0")/.." && pwd)
signer=
if [ "${1:-}" = --signer ]; then
    signer=${2:?--signer needs a public key}
    shift 2
fi
folder=${1:-$PWD/yitiji-controller}
signers=${HOME:-/root}/.config/yitiji/bundle-signers

give_up() {
    printf 'install: %s\n' "$(tell "$1" "$2")" >&2
    exit "${3:-2}"
}

command -v ssh-keygen >/dev/null 2>&1 || give_up "ssh-keygen is missing: install openssh-client" "缺少 ssh-keygen，请安装 openssh-client"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

own=$(head -n 1 "$bundle/SIGNER.pub" | cut -d' ' -f1,2)
printf 'bundle namespaces="yitiji-bundle" %s\n' "$own" >"$work/signer"
print=$(printf '%s\n' "$own" | ssh-keygen -l -f - | cut -d' ' -f2)
ssh-keygen -Y verify -f "$work/signer" -I bundle -n yitiji-bundle -s "$bundle/MANIFEST.json.sig" \
    <"$bundle/MANIFEST.json" >/dev/null 2>&1 || give_up "LLM914: the bundle's signature is not good" "LLM914：离线包签名无效" 1
known=no
[ ! -f "$signers" ] || ! grep -qxF "$(cat "$work/signer")" "$signers" || known=yes
if [ -n "$signer" ]; then
    [ "$(printf '%s\n' "$signer" | cut -d' ' -f1,2)" = "$own" ] || give_up "LLM914: the bundle is signed by another key, $print" "LLM914：离线包由其他密钥签名：$print" 1
elif [ "$known" = no ]; then
    tell "The bundle is signed by a key that this machine does not know" "该机器尚未信任此离线包的签名公钥"
    printf '\n    %s\n' "$print"
    [ -t 0 ] || give_up "LLM961: compare this fingerprint with what the bundle's maker tells you, then give --signer '$own'" "LLM961：请与制作方核对指纹，再用 --signer '$own' 指定" 1
    printf "%s: " "$(tell "Compare it with what the maker tells you by another way. Type yes if it is the same" "与制作方核对，一致则输入 yes")"
    read -r answer
    [ "$answer" = yes ] || give_up "not confirmed" "未确认" 1
fi

# What is used below: nothing that is not listed, nothing that is not as listed.
case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
esac
id=$(sed -n 's/^ID=//p' /etc/os-release | tr -d "\"'" | tr '[:upper:]' '[:lower:]')
version=$(sed -n 's/^VERSION_ID=//p' /etc/os-release | tr -d "\"'" | tr '[:upper:]' '[:lower:]')
manager=apt
command -v apt-get >/dev/null 2>&1 || manager=dnf
place=$manager/none
sed -n 's/^ "targets": \[\(.*\)\],$/\1/p' "$bundle/MANIFEST.json" | tr '}' '\n' |
    sed -n "s/.*\"architecture\": \"$machine\", \"distribution\": \"\([^\"]*\)\".*\"release\": \"\([^\"]*\)\", \"version\": \"\([^\"]*\)\".*/\1 \3 \2/p" >"$work/targets"
while read -r distribution number release; do
    case "$id $version" in
        "$distribution $number" | "$distribution $number".*) place=$manager/$release-$machine ;;
    esac
done <"$work/targets"
sed -n 's/^ {"path": "\(.*\)", "size": \([0-9]*\), "sha256": "\([0-9a-f]\{64\}\)", .*/\3  \1/p' "$bundle/MANIFEST.json" |
    grep -E "^[0-9a-f]{64}  (controller/|$place/)" >"$work/sums" || give_up "LLM913: the manifest lists no controller" "LLM913：清单中没有控制机文件" 1
cut -c67- "$work/sums" | sort >"$work/listed"
(cd "$bundle" && find controller "$place" ! -type d 2>/dev/null | sort) >"$work/there"
strange=$(comm -13 "$work/listed" "$work/there")
[ -z "$strange" ] || give_up "LLM915: these do not belong to the bundle: $strange" "LLM915：以下文件不属于离线包：$strange" 1
links=$(find "$bundle/controller" "$bundle/$place" -type l 2>/dev/null || :)
[ -z "$links" ] || give_up "LLM915: these are links: $links" "LLM915：以下是链接：$links" 1
(cd "$bundle" && sha256sum --quiet -c "$work/sums") || give_up "LLM915: copy these files again" "LLM915：请重新拷贝以上文件" 1
if [ "$known" = no ]; then
    mkdir -p "$(dirname "$signers")"
    (umask 077 && cat "$work/signer" >>"$signers")
fi

python=
for name in python3.13 python3.12 python3.11 python3; do # which versions a system has, and under which names, differs
    tag=$("$name" -c 'import ensurepip, sys, venv; print("cp%d%d" % sys.version_info[:2])' 2>/dev/null) || continue
    ! ls "$bundle"/controller/wheels/*-"$tag"-* >/dev/null 2>&1 || python=${python:-$name}
done
if [ -z "$python" ] && [ "$manager" = apt ]; then # the one that the bundle brings
    place=$bundle/$place
    python=$(find "$place" -name 'python3.*-venv_*' 2>/dev/null | sed 's|.*/\(.*\)-venv_.*|\1|' | sort | tail -n 1)
    ls "$bundle"/controller/wheels/*-"cp3${python#*.}"-* >/dev/null 2>&1 || python=
fi
[ -n "$python" ] || give_up "the bundle has nothing for a Python of this machine ($id $version): install python3.11 or another that bundle_pythons named when the bundle was made, from the installation medium, or use a machine with a system of the bundle" "离线包不支持该机器（$id $version）的 Python：请从安装介质安装 python3.11 或 bundle_pythons 所列的其他版本，或改用离线包所含系统的机器" 1
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    [ "$(id -u)" = 0 ] || give_up "$python-venv is missing; run this as root once" "缺少 $python-venv，请以 root 运行一次"
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    echo "deb [signed-by=$place/key.asc] file:$place/ ./" >"$work/sources.list"
    set -- -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o Acquire::Check-Date=false -o APT::Sandbox::User=root
    apt-get "$@" update
    DEBIAN_FRONTEND=noninteractive apt-get "$@" install -y --no-install-recommends "$python-venv" openssh-client >/dev/null
fi
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$bundle/controller/wheels" \
    --requirement "$bundle/controller/requirements.txt"
LC_ALL=C.UTF-8 "$folder/bin/ansible-galaxy" collection install --force --no-deps -p "$folder/collections" "$bundle"/controller/*.tar.gz >/dev/null
printf '%s\n' "$(tell "$folder is ready; next" "$folder 已就绪，下一步")"
echo "  . $folder/bin/activate; export ANSIBLE_COLLECTIONS_PATH=$folder/collections"
echo "  ansible-playbook yitiji.deepseek.site -i INVENTORY -e appliance_source=bundle -e appliance_bundle=$bundle"
