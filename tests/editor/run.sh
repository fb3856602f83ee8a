#!/bin/sh
# A session of the language server in headless Neovim, which is installed when missing and possible; without one, says so.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v nvim >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get install -y -q --no-install-recommends neovim >/dev/null || true
fi
command -v nvim >/dev/null || { echo "no Neovim: the editor is not tried"; exit 0; }
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cp verifier-server/tests/formats/mixed.bpf.c verifier-server/tests/formats/mixed.bpf.o "$FOLDER"
BPFVET=$(realpath "${BPFVET:-target/release/bpfvet}") GOOD=$(realpath corpus/demo/accepted.bpf.o) FOLDER=$(realpath "$FOLDER") \
	XDG_STATE_HOME="$FOLDER/state" timeout 120 nvim --headless --clean -n -c "luafile tests/editor/session.lua" -c "cquit 1"
