#!/bin/sh
# The verdicts of the corpus's objects under WebAssembly against those of this machine: every EVERY-th object, all kernels,
# each line with verdict, counters and length of the log. Needs node and rustup (which fetches its target).
set -eu
cargo=${CARGO:-cargo}
every=${EVERY:-3}
cd "$(dirname "$0")/../.."
command -v node >/dev/null || { echo "wasm: no node here; nothing compared"; exit 0; }
if command -v rustup >/dev/null; then rustup target add wasm32-wasip1; fi
$cargo build --release --locked -p verifier-core --example check
$cargo build --release --locked -p verifier-core --example check --target wasm32-wasip1
to=target/wasm
mkdir -p $to
find corpus -name '*.o' | sort | awk "NR % $every == 0" >$to/objects
# Some do not load: what counts is that both sides say the same.
# shellcheck disable=SC2046
target/release/examples/check $(cat $to/objects) >$to/here || true
# shellcheck disable=SC2046
node --no-warnings tests/wasm/run.mjs target/wasm32-wasip1/release/examples/check.wasm "$PWD" $(cat $to/objects) >$to/there || true
diff $to/here $to/there
echo "wasm: $(wc -l <$to/objects) objects, $(wc -l <$to/here) verdicts, no difference"
