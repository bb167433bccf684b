#!/bin/sh
# Joins the volumes of an offline bundle and checks it. All volumes must lie in this folder.
# 合并离线包分卷并校验；所有分卷须位于本目录。
#   sh join.sh [FOLDER]      the bundle becomes FOLDER/bundle; default: here
# By hand: cat yitiji-bundle.tar.* | tar -x && sh bundle/check.sh
set -eu
cd "$(dirname "$0")"
folder=${1:-.}
bad=0
while read -r sha name; do
    if [ ! -f "$name" ]; then
        bad=1
        printf 'LLM915 missing volume / 缺少分卷：%s\n' "$name"
        continue
    fi
    printf '%s\n' "$name" >&2
    if [ "$(sha256sum <"$name" | cut -d' ' -f1)" != "$sha" ]; then
        bad=1
        printf 'LLM915 wrong volume / 分卷内容不符：%s\n' "$name"
    fi
done <SHA256SUMS
[ "$bad" -eq 0 ] || exit 1
mkdir -p "$folder"
cat yitiji-bundle.tar.* | tar -x -C "$folder"
exec sh "$folder/bundle/check.sh"
