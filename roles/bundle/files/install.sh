#!/bin/sh
# Sets a controller up from the bundle, without any network: Ansible in a virtual environment, and the collection.
# 用离线包搭建控制机，无需网络：在虚拟环境中安装 Ansible 与本 collection。
#   sh controller/install.sh [FOLDER]        default: ./yitiji-controller
set -eu
bundle=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$PWD/yitiji-controller}

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "install: python3-venv is missing; run this as root once / 缺少 python3-venv，请以 root 运行一次" >&2; exit 2; }
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    place=$bundle/apt/$release-$(dpkg --print-architecture)
    [ -d "$place" ] || { echo "install: the bundle has no packages for $release / 离线包不含 $release 的软件包" >&2; exit 2; }
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    echo "deb [signed-by=$place/key.asc] file:$place/ ./" >"$work/sources.list"
    set -- -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o Acquire::Check-Date=false -o APT::Sandbox::User=root
    apt-get "$@" update
    DEBIAN_FRONTEND=noninteractive apt-get "$@" install -y --no-install-recommends python3-venv openssh-client >/dev/null
fi
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$bundle/controller/wheels" \
    --requirement "$bundle/controller/requirements.txt"
"$folder/bin/ansible-galaxy" collection install --force --no-deps -p "$folder/collections" "$bundle"/controller/*.tar.gz >/dev/null
echo "$folder is ready / 已就绪. Next / 下一步:"
echo "  . $folder/bin/activate; export ANSIBLE_COLLECTIONS_PATH=$folder/collections"
echo "  ansible-playbook yitiji.deepseek.site -i INVENTORY -e appliance_source=bundle -e appliance_bundle=$bundle"
