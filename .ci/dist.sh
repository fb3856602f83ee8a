#!/bin/sh
# Packs the static binary into target/dist-archive: the binary without Z3, licences, completions, manual pages, schemas, what it
# is made of (CycloneDX), and a checksum beside the archive. Needs musl's compiler (Debian: musl-tools), installed when
# possible.
set -eu
cd "$(dirname "$0")/.."
CARGO=${CARGO:-cargo}
TARGET=${TARGET:-x86_64-unknown-linux-musl}
DIR=${CARGO_TARGET_DIR:-target}
if [ "$TARGET" = x86_64-unknown-linux-musl ] && ! command -v musl-gcc >/dev/null; then
	[ "$(id -u)" != 0 ] || apt-get install -y -q musl-tools >&2
fi
rustup target add "$TARGET" >/dev/null 2>&1 || true
BPFVET_COMMIT=$(git rev-parse --short=12 HEAD 2>/dev/null || true)
export BPFVET_COMMIT
$CARGO build --profile dist --locked -p verifier-server --no-default-features --target "$TARGET"
bin="$DIR/$TARGET/dist/bpfvet"
version=$("$bin" --version | sed -n '1s/^bpfvet \([^ ]*\).*/\1/p')
name="bpfvet-$version-$TARGET"
out="$DIR/dist-archive"
rm -rf "${out:?}/$name"
mkdir -p "$out/$name/completions" "$out/$name/man" "$out/$name/schema"
cp "$bin" LICENSE-MIT LICENSE-APACHE README.md "$out/$name/"
for shell in bash zsh fish; do "$bin" completions $shell >"$out/$name/completions/bpfvet.$shell"; done
"$bin" man --dir "$out/$name/man"
for of in config rows; do "$bin" schema $of >"$out/$name/schema/$of.json"; done
# Name, version and licence of every crate that is in it.
$CARGO tree --locked -p verifier-server --no-default-features --target "$TARGET" -e normal --prefix none --no-dedupe \
	--format '{p}	{l}' | sed 's/ (\/[^)]*)//; s/ (proc-macro)//; s/ (\*)//' | sort -u >"$out/$name/LICENCES.tsv"
{
	printf '{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","name":"bpfvet","version":"%s"}},"components":[' "$version"
	awk -F'\t' '{ split($1, p, " v"); gsub(/"/, "", $2); printf "%s{\"type\":\"library\",\"name\":\"%s\",\"version\":\"%s\",\"purl\":\"pkg:cargo/%s@%s\",\"licenses\":[{\"expression\":\"%s\"}]}", (NR > 1 ? "," : ""), p[1], p[2], p[1], p[2], $2 }' "$out/$name/LICENCES.tsv"
	printf ']}\n'
} >"$out/$name/sbom.cdx.json"
tar -C "$out" --owner=0 --group=0 --sort=name --mtime=@"$(git log -1 --format=%ct 2>/dev/null || echo 0)" -czf "$out/$name.tar.gz" "$name"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256" && cat "$name.tar.gz.sha256")
ls -l "$out/$name/bpfvet" "$out/$name.tar.gz"
