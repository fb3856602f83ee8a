#!/bin/sh
# Puts the files of Debian's packages xdp-tools and libbpf-tools below the directory $1: installs the packages as root, and
# only unpacks them otherwise. Says what it does.
set -eu
dir=$1
packages="xdp-tools libbpf-tools"
command -v apt-get > /dev/null || { echo "real: needs apt-get, that is, Debian" >&2; exit 1; }
mkdir -p "$dir"
if [ "$(id -u)" = 0 ]; then
    for p in $packages; do
        dpkg -s "$p" > /dev/null 2>&1 || { echo "real: apt-get install $p"; apt-get install -y --no-install-recommends "$p" > /dev/null; }
        dpkg -L "$p"
    done | while read -r file; do
        case $file in */usr/share/*) ;; real:*) echo "$file" ;; *) [ ! -f "$file" ] || [ -L "$file" ] || cp -f "$file" "$dir/" ;; esac
    done
else
    for p in $packages; do
        echo "real: apt-get download $p, unpacked below $dir"
        (cd "$dir" && apt-get download "$p" > /dev/null && dpkg -x "$p"_*.deb . && rm "$p"_*.deb)
    done
fi
