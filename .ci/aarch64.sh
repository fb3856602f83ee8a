#!/bin/sh
# Runs the tests of the runtime as a 64-bit Arm machine would: compiled for it, under qemu's user emulation. What is
# missing is installed where that is possible (Debian: qemu-user, gcc-aarch64-linux-gnu; rustup's target).
set -eu
target=aarch64-unknown-linux-gnu
have() { command -v "$1" >/dev/null; }
if ! { have qemu-aarch64 && have aarch64-linux-gnu-gcc; } && test "$(id -u)" = 0 && have apt-get; then
    apt-get update -q
    apt-get install -y -q qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
fi
if have rustup && ! rustup target list --installed | grep -qx "$target"; then
    rustup target add "$target"
fi
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
exec "${CARGO:-cargo}" test --locked --target "$target" -p verifier-runtime --lib "$@"
