#!/bin/sh
# Compiles the cases whose objects are older than their source, or those named.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
[ $# -gt 0 ] || set -- *.bpf.c
for source; do
	object=${source%.c}.o
	if [ ! -f "$object" ] || [ "$source" -nt "$object" ] || [ bpf.h -nt "$object" ]; then
		"$CLANG" --target=bpf -mcpu=v3 -O2 -g -Wall -Wno-unused-variable -Wno-unused-function -Wno-return-type \
			-fdebug-compilation-dir=. -I"/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$object"
		llvm-strip-19 -g "$object" 2>/dev/null || true
	fi
done
