#!/bin/sh
# Compiles the C cases of the corpus whose objects are older than their source, or those named.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
[ $# -gt 0 ] || set -- */*.c
for source; do
	case $source in demo/*) continue ;; esac
	object=${source%.c}.o
	if [ ! -f "$object" ] || [ "$source" -nt "$object" ] || [ "$(find include -newer "$object" | wc -l)" -gt 0 ]; then
		cpu=$(sed -n 's,^.. cpu: ,,p' "$source")
		"$CLANG" --target=bpf -mcpu="${cpu:-v3}" -O2 -g -fdebug-compilation-dir=. -Wall -Wno-unused-parameter -I include -c "$source" -o "$object"
		llvm-strip-19 -g "$object" 2>/dev/null || true
	fi
done
