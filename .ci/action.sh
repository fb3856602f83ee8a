#!/bin/sh
# What the GitHub Action does: takes the binary from an archive whose checksum is given, or builds it; checks. Objects are lines,
# each a path or a pattern, so that names may hold spaces; a single line without a file of its name is words by spaces.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
tools=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/bpfvet
if [ -n "${ARCHIVE:-}" ]; then
	case "${SHA256:-}" in
	'' | *[!0-9a-f]*) echo "::error title=bpfvet::archive needs sha256, the checksum that stands beside it"; exit 2 ;;
	esac
	bpfvet="$tools/$SHA256/bpfvet"
	if [ ! -x "$bpfvet" ]; then
		mkdir -p "$tools/$SHA256"
		file="$tools/$SHA256/archive.tar.gz"
		curl -fsSL --retry 3 -o "$file" "$ARCHIVE"
		echo "$SHA256  $file" | sha256sum -c - >/dev/null 2>&1 || { rm -f "$file"; echo "::error title=bpfvet::the archive is not the one of this checksum"; exit 2; }
		tar -xzf "$file" -C "$tools/$SHA256" --strip-components=1
		rm -f "$file"
	fi
else
	make -C "$here" build
	bpfvet="$here/target/release/bpfvet"
fi
set -f
IFS='
'
if [ "$(printf '%s\n' "$OBJECTS" | grep -c .)" -le 1 ] && [ ! -e "$OBJECTS" ]; then IFS=' 	
'; fi
set +f
# Patterns are expanded here, and words end where IFS says.
# shellcheck disable=SC2086
set -- $OBJECTS
IFS=' 	
'
[ -z "${KERNEL:-}" ] || set -- "$@" --kernel "$KERNEL"
# shellcheck disable=SC2086
set -- "$@" ${ARGS:-}
if [ -n "${SARIF:-}" ]; then
	"$bpfvet" check "$@" --format sarif --exit-zero --output "$SARIF"
fi
exec "$bpfvet" check "$@" --format github
