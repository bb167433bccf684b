#!/bin/sh
# Joins the volumes of an offline bundle and checks it. All volumes must lie in this folder.
# 合并离线包分卷并校验；所有分卷须位于本目录。
#   sh join.sh [FOLDER]      the bundle becomes FOLDER/bundle; default: here
# By hand: cat yitiji-bundle.tar.* | tar -x && sh bundle/check.sh
set -eu
# The reader's language: appliance_language, or a Chinese locale; else both.
case ${YITIJI_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
    zh*) tell() { printf %s "$2"; } ;;
    en) tell() { printf %s "$1"; } ;;
    *) tell() { printf '%s / %s' "$1" "$2"; } ;;
esac
cd "$(dirname "$0")"
folder=${1:-.}
# Before the volumes are read, which takes a while. What lies there would stay among the new files.
if [ -e "$folder/bundle" ]; then
    echo "LLM915 $(tell "there is a bundle already; move it away, or name another folder" "该处已有离线包；请先移走，或指定其他目录") · $folder/bundle"
    exit 1
fi
if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
    echo "LLM915 $(tell "no right to write there; run it with sudo" "没有写入权限；请用 sudo 运行") · $folder"
    exit 1
fi
bad=0
while read -r sha name; do
    if [ ! -f "$name" ]; then
        bad=1
        echo "LLM915 $(tell "missing volume" "缺少分卷") · $name"
        continue
    fi
    printf '%s\n' "$name" >&2
    if [ "$(sha256sum <"$name" | cut -d' ' -f1)" != "$sha" ]; then
        bad=1
        echo "LLM915 $(tell "wrong volume" "分卷内容不符") · $name"
    fi
done <SHA256SUMS
[ "$bad" -eq 0 ] || exit 1
cat yitiji-bundle.tar.* | tar -x -C "$folder"
exec sh "$folder/bundle/check.sh"
