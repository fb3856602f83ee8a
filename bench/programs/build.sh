#!/bin/sh
# Compiles the programs again (needs clang). Objects are committed: nothing else needs this.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
for source in *.bpf.c; do
	object=${source%.c}.o
	"$CLANG" --target=bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Wno-unused-variable -c "$source" -o "$object"
	llvm-strip-19 -g "$object" 2>/dev/null || true
done
