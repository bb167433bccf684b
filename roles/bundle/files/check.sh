#!/bin/sh
# Checks an offline bundle: every file by its sha256, nothing missing, nothing that does not belong there.
# 校验离线包：逐个文件核对 sha256，检查缺失与多余的文件。
#   sh check.sh          the files and, where ssh-keygen is there, the signature
#   sh check.sh --node   also whether the bundle is for this machine's architecture and release
# Whoever can change a bundle can change this script. To prove where a bundle comes from, use your own ssh-keygen and the
# maker's key, as docs/bundle.md shows; site.yml does the same. / 能篡改离线包者也能篡改本脚本；验证来源请用自己的 ssh-keygen。
# Ends with 0: whole, 1: not whole or not for this machine, 2: could not be checked. Needs sh, sed and sha256sum.
set -u
# The reader's language: appliance_language, or a Chinese locale; else both.
case ${YITIJI_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
    zh*) tell() { printf %s "$2"; } ;;
    en) tell() { printf %s "$1"; } ;;
    *) tell() { printf '%s / %s' "$1" "$2"; } ;;
esac
LC_ALL=C
export LC_ALL
here=$(dirname "$0")
cd "$here" || exit 2
node=no
[ "${1:-}" = --node ] && node=yes
bad=0

say() { printf '%s\n' "$*"; }
wrong() {
    bad=1
    printf '%s %s · %s\n' "$1" "$(tell "$2" "$3")" "$4"
}
give_up() {
    printf 'check: %s\n' "$(tell "$@")" >&2
    exit 2
}

[ -f MANIFEST.json ] || give_up "no MANIFEST.json here: this is no bundle" "此处没有离线包"
command -v sha256sum >/dev/null 2>&1 || give_up "sha256sum is missing" "缺少 sha256sum"
work=$(mktemp -d) || give_up "no room for a temporary folder" "没有空间建立临时目录"
trap 'rm -rf "$work"' EXIT INT TERM

# one file a line: sha256 size path
sed -n 's/^ {"path": "\(.*\)", "size": \([0-9]*\), "sha256": "\([0-9a-f]\{64\}\)", .*/\3 \2 \1/p' MANIFEST.json >"$work/files"
sed -n 's/^ "targets": \[\(.*\)\],$/\1/p' MANIFEST.json | tr '}' '\n' >"$work/targets"
count=$(wc -l <"$work/files" | tr -d ' ')
[ "$count" -gt 0 ] || give_up "MANIFEST.json lists no files" "清单为空"
total=$(awk '{ sum += $2 } END { printf "%d", sum / 1000000 }' "$work/files")

signature() {
    if ! command -v ssh-keygen >/dev/null 2>&1; then
        tell "signature: not checked, there is no ssh-keygen" "未校验签名：缺少 ssh-keygen"
        echo
        return 0
    fi
    if [ ! -f MANIFEST.json.sig ] || [ ! -f SIGNER.pub ]; then
        wrong LLM914 missing 缺少 "MANIFEST.json.sig, SIGNER.pub"
        return 0
    fi
    key=$(head -n 1 SIGNER.pub | cut -d' ' -f1,2)
    printf 'bundle namespaces="yitiji-bundle" %s\n' "$key" >"$work/signers"
    known=${HOME:-/root}/.config/yitiji/bundle-signers
    whose=$(tell "not known here: compare it with what the maker tells you" "尚未信任，请与制作方核对")
    [ ! -f "$known" ] || ! grep -qF "$key" "$known" || whose=$(tell "known here" "已信任")
    if ssh-keygen -Y verify -f "$work/signers" -I bundle -n yitiji-bundle -s MANIFEST.json.sig <MANIFEST.json >/dev/null 2>&1; then
        say "$(tell "signature is good" "签名有效") · $(ssh-keygen -l -f SIGNER.pub | cut -d' ' -f2) ($whose)"
    else
        wrong LLM914 "does not belong to its signature" "与签名不符" MANIFEST.json
    fi
}

files() {
    number=0
    done_bytes=0
    while read -r sha size path; do
        number=$((number + 1))
        if [ -t 2 ]; then
            printf '\r%d/%d · %d/%d MB' "$number" "$count" "$((done_bytes / 1000000))" "$total" >&2
        elif [ $((number % 50)) -eq 0 ] || [ "$size" -gt 500000000 ]; then
            printf '%d/%d · %d/%d MB\n' "$number" "$count" "$((done_bytes / 1000000))" "$total" >&2
        fi
        done_bytes=$((done_bytes + size))
        if [ ! -e "$path" ]; then
            wrong LLM915 missing 缺少 "$path"
        elif [ -L "$path" ] || [ ! -f "$path" ]; then
            wrong LLM915 "not a plain file" "不是普通文件" "$path"
        elif [ "$(wc -c <"$path" | tr -d ' ')" != "$size" ]; then
            wrong LLM915 wrong 内容不符 "$path ($(wc -c <"$path" | tr -d ' ') B ≠ $size B)"
        elif [ "$(sha256sum <"$path" | cut -d' ' -f1)" != "$sha" ]; then
            wrong LLM915 wrong 内容不符 "$path (sha256)"
        fi
    done <"$work/files"
    [ -t 2 ] && printf '\n' >&2
    return 0
}

superfluous() { # files, links and folders; what a download of weights keeps beside them is let be
    cut -d' ' -f3- "$work/files" >"$work/listed"
    printf '%s\n' MANIFEST.json MANIFEST.json.sig SIGNER.pub SHA256SUMS >>"$work/listed"
    awk '{ path = $0; while (sub("/[^/]*$", "", path)) print path "/" }' "$work/listed" | sort -u >"$work/folders"
    sort -u "$work/listed" "$work/folders" >"$work/listed.sorted"
    find . -mindepth 1 \( -type d -exec printf '%s/\n' {} \; -o -print \) | sed 's/^\.\///' |
        grep -vE '^models/[^/]+/[^/]+/\.yitiji-(manifest|verified|digests)\.json$' | sort >"$work/there"
    comm -13 "$work/listed.sorted" "$work/there" >"$work/more"
    while IFS= read -r path; do
        wrong LLM915 superfluous 多余 "$path"
    done <"$work/more"
}

this_machine() {
    case $(uname -m) in
        x86_64) machine=amd64 ;;
        aarch64) machine=arm64 ;;
        *) machine=$(uname -m) ;;
    esac
    id=$(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null | tr -d "\"'" | tr '[:upper:]' '[:lower:]')
    version=$(sed -n 's/^VERSION_ID=//p' /etc/os-release 2>/dev/null | tr -d "\"'" | tr '[:upper:]' '[:lower:]')
    fits=no
    sed -n "s/.*\"architecture\": \"$machine\", \"distribution\": \"\([^\"]*\)\".*\"version\": \"\([^\"]*\)\".*/\1 \2/p" \
        "$work/targets" | tr '[:upper:]' '[:lower:]' >"$work/systems"
    while read -r distribution release; do
        case "$id $version" in
            "$distribution $release" | "$distribution $release".*) fits=yes ;;
        esac
    done <"$work/systems"
    if ! grep -q "\"architecture\": \"$machine\"" "$work/targets"; then
        wrong LLM916 "not for this machine's architecture" "不适用于该机器的架构" "$machine"
    elif [ "$fits" = no ]; then
        wrong LLM917 "not for this machine's system" "不适用于该机器的系统" "${id:-?} $version"
    fi
}

say "$(tell "bundle of $count files, $total MB, for" "离线包共 $count 个文件，$total MB，适用于") · $(sed -n 's/.*"architecture": "\([^"]*\)".*"release": "\([^"]*\)".*/\2-\1/p' "$work/targets" | tr '\n' ' ')"
signature
files
superfluous
[ "$node" = no ] || this_machine
if [ "$bad" -eq 0 ]; then
    tell "whole" "完整"
else
    tell "NOT USABLE: copy what is named above again, remove what is superfluous" "不可用：请重新拷贝以上文件并删除多余文件"
fi
echo
exit "$bad"
