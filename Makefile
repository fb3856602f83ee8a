# Two doors: `make demo` shows the main job, `make test` checks everything that can be checked here.
# Both need a Rust toolchain and a C compiler (for ring), and fetch the crates in Cargo.lock. What else they install, and
# what they skip where it cannot be had, stands in the README.

CARGO ?= cargo
BPFVET = target/release/bpfvet

# Without libz3 (installed when missing and possible) everything but the solver is built.
SOLVER = $$(sh .ci/solver-features)

comma := ,

.PHONY: report-test editor-test adversarial adversarial-record wasm aarch64 demo test build dist load bench agreement prove solve corpus record probe real differential fuzz tsan helpers hostile proto-lint proto-release fuzz-service formats licences lint

build:
	BPFVET_COMMIT=$$(git rev-parse --short=12 HEAD 2>/dev/null) $(CARGO) build --release --locked -p verifier-server $(SOLVER)

# The archive that is shipped: a static binary without Z3, with licences, completions, manual pages and a checksum.
dist:
	CARGO="$(CARGO)" sh .ci/dist.sh

# A report in headless Chromium: nothing on its console, every control reached by Tab; screenshots stay in target/report.
report-test: build
	sh tests/report/run.sh

# A session of the language server in headless Neovim.
editor-test: build
	sh tests/editor/run.sh

# Checks a program that Linux 6.12 loads, then two that it does not, with the explanation.
demo: build
	@echo; echo "== $(BPFVET) kernels"; $(BPFVET) kernels
	@echo; echo "== $(BPFVET) check corpus/demo/accepted.bpf.o"
	@$(BPFVET) check corpus/demo/accepted.bpf.o
	@echo; echo "== $(BPFVET) check corpus/demo/rejected.bpf.o"
	@$(BPFVET) check corpus/demo/rejected.bpf.o; test $$? -eq 1

# In the profile that ships: the interpreter that people get is the one that is tested.
test:
	$(CARGO) test --release --workspace --locked $(SOLVER)

# The service under load: tiny requests beside heavy ones for a minute, then clients that vanish, do not read, or send
# garbage. Its figures are about time: leave the machine alone meanwhile.
load:
	BPFVET_LOAD=60 $(CARGO) test --release --locked -p verifier-server $(SOLVER) --test load --test attacks -- --nocapture --test-threads 1

# Mutated requests through every method of the service: REQUESTS of them, from number SEED.
REQUESTS ?= 1000000
fuzz-service:
	BPFVET_FUZZ=$(REQUESTS) BPFVET_SEED=$(SEED) $(CARGO) test --release --locked -p verifier-server $(SOLVER) --test fuzz -- --nocapture

# Style of the protos, and that clients of the released ones still work. Needs npm, which fetches buf.
BUF = cd proto && npm exec --yes --package=@bufbuild/buf@1.75.0 -- buf
proto-lint:
	$(BUF) lint
	$(BUF) breaking --against released.binpb

# At a release: what clients may rely on from now on.
proto-release:
	$(BUF) build --exclude-source-info -o released.binpb

# How fast programs run here, beside other engines, native code and (as root) the running kernel: medians and ratios.
# Then the time of the analysis beside the running kernel's own, on recorded programs, and the speed of the service
# against that of this process.
bench:
	$(CARGO) run --release --locked --manifest-path bench/Cargo.toml --target-dir target
	test -x target/record/loader || sh tests/guest/prepare.sh target/record loader
	$(CARGO) build --release --locked -p bpfvet-tests --bin analysis_bench
	$(CARGO) build --release --locked -p verifier-server $(SOLVER)
	target/release/analysis_bench --write docs
	$(CARGO) bench --locked -p verifier-server $(SOLVER) --bench grpc

# Agreement with recorded kernels, when the recordings are beside the checkout (../shared or BPFVET_SHARED).
agreement:
	$(CARGO) build --release --workspace --locked --bin agreement $(SOLVER)
	for kernel in 5.10 6.1 6.12 6.18.15 6.18 7.3; do \
		target/release/agreement --kernel $$kernel --check && \
		target/release/agreement --kernel $$kernel --tv --check || exit 1; done
	for kernel in 5.10 6.1 6.12 6.18.15 7.3; do target/release/agreement --kernel $$kernel --tv --unprivileged --check || exit 1; done
	target/release/agreement --kernel 7.3 --own --check

# Asks a real kernel and us about mutated programs and probes of the kernel's tables, and lists where we differ. Needs
# root and the recordings; KERNEL=6.18, and none, is the running kernel, any other point release of Debian's is fetched
# and booted by qemu.
SEED ?= 1
ASKED = $(or $(KERNEL),6.18)
differential:
	sh tests/guest/prepare.sh target/record $(if $(filter 6.18,$(ASKED)),loader,$(ASKED))
	$(CARGO) build --release --locked -p bpfvet-tests $(SOLVER)
	target/release/differential --kernel $(ASKED) --seed $(SEED) --seconds 300
	target/release/differential --kernel $(ASKED) --probes all --every 29 --seconds 300

# Damaged objects through the whole check, with at most 1 GiB of memory: ITERATIONS of them, from number SEED.
ITERATIONS ?= 20000
hostile:
	$(CARGO) build --release --locked -p bpfvet-tests --bin hostile_check
	ulimit -v 1048576; target/release/hostile_check --iterations $(ITERATIONS) --seed $(SEED)

# The same, with harmful text in names and lines of source, through every format: no raw control characters, and every
# JSON, XML and SARIF valid.
formats:
	$(CARGO) build --release --locked -p bpfvet-tests --bin hostile_check
	target/release/hostile_check --formats --iterations 1000000 --seed $(SEED)

# Licences, sources and advisories of everything in Cargo.lock. Installs cargo-deny when missing; advisories are fetched.
licences:
	$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --locked check

# What CI holds besides the tests: formatting, lints, and documentation without a warning.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets --locked $(SOLVER) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps --locked $(SOLVER)

# Proves the abstract domain with Z3 (needs libz3) and writes the table; takes half an hour.
prove:
	$(CARGO) build --release --locked -p bpfvet-tests --bin prove
	target/release/prove docs/domain-proofs.md

# Compiles the C cases of the corpus again (needs clang). Objects are committed: nothing else needs this.
corpus:
	sh corpus/build.sh

# Asks real kernels what they say of the corpus and writes the .klog files: Debian's 6.12 in an emulated machine, and the
# running kernel if it is a 6.18 and we are root. Installs qemu when missing, downloads Debian's kernel package.
# With KERNEL="6.19.10 7.0.13" it boots those point releases instead, and writes corpus/releases/RELEASE.tsv of each:
# Debian's archive is asked through lists of its own below target/record, `sh tests/guest/prepare.sh target/record list`
# prints what it has. MISSING=--missing asks only about cases that were not asked there yet.
record:
	for kernel in $(or $(KERNEL),6.12); do sh tests/guest/prepare.sh target/record $$kernel || exit 1; done
	$(CARGO) build --release --locked -p bpfvet-tests --bin record
	$(if $(KERNEL),,target/release/record $(MISSING))
	for kernel in $(KERNEL); do target/release/record --kernel $$kernel $(MISSING) || exit 1; done

# Boots Debian's kernels, lets bpfvet probe each as if it were unknown, and asks it about programs in the same boot: whether
# the profile gives its verdicts. `make probe KERNEL=6.1.192,7.3.4`; the recorded objects are asked about where they are.
UNKNOWN = 6.1.192,6.16.12,7.0.13,7.3.4
PROBED ?= $(if $(findstring command,$(origin KERNEL)),$(KERNEL),$(UNKNOWN))
probe: build
	for kernel in $(subst $(comma), ,$(PROBED)); do sh tests/guest/prepare.sh target/record $$kernel || exit 1; done
	$(CARGO) build --release --locked -p bpfvet-tests --bin probe
	target/release/probe --kernel $(PROBED) --check --list

# Checks the objects that Debian ships in xdp-tools and libbpf-tools (installed when missing) against what kernels said.
real:
	sh tests/real/install.sh target/real
	$(CARGO) run --release --locked -p bpfvet-tests --bin real -- --answers tests/real/debian12.tsv target/real

# The adversarial set so many times while the machine is busy: every run has to say the same.
RUNS ?= 20
adversarial:
	$(CARGO) build --release --locked -p bpfvet-tests --bin solve
	target/release/solve --runs $(RUNS)

# Compiles the adversarial set again (needs clang) and asks the running kernel, which must be a 6.18 (needs root).
adversarial-record:
	for c in tests/adversarial/*.c tests/adversarial/accepted/*.c; do \
	  clang-19 --target=bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Wno-unused-parameter \
	    -I corpus/include -c $$c -o $${c%.c}.o && llvm-strip-19 -g $${c%.c}.o || exit 1; done
	test -x target/record/loader || sh tests/guest/prepare.sh target/record loader
	$(CARGO) build --release --locked -p bpfvet-tests --bin ask
	for d in tests/adversarial tests/adversarial/accepted; do \
	  target/release/ask --kernel 6.18 --log-level 1 --table $$d/*.o > $$d/6.18.tsv || exit 1; done

# The solver on programs with real bugs and on false rejections: answers, repairs, times.
solve:
	$(CARGO) build --release --locked -p bpfvet-tests --bin solve
	target/release/solve --list

# Generated programs through every engine, and their registers against the states of the analysis; then everything that is
# accepted, unchecked in child processes. Takes hours.
FUZZ ?= 200000
fuzz:
	$(CARGO) build --release --locked -p bpfvet-tests $(SOLVER) --bin fuzz_run
	target/release/fuzz_run checked 10000000
	target/release/fuzz_run linked 1000000
	target/release/fuzz_run threads 20000
	target/release/fuzz_run $(FUZZ)
	target/release/fuzz_run all $(FUZZ)

# Maps under threads under ThreadSanitizer: the standard library is built for it, which needs a nightly toolchain with
# rust-src.
tsan:
	RUSTFLAGS=-Zsanitizer=thread $(CARGO) +nightly run --release --locked -Zbuild-std --target x86_64-unknown-linux-gnu \
		--target-dir target/tsan -p bpfvet-tests --no-default-features --bin fuzz_run -- threads 310

# Generated calls of helpers and kernel functions here and on the running kernel (root, 6.18): what they return and what
# they leave behind. So many of each; differences are listed with their reason, and one without a reason fails.
CALLS ?= 400
helpers:
	$(CARGO) run --release --locked -p bpfvet-helpers -- $(CALLS)

# The runtime's tests, interpreter, compiler and faults, on an emulated 64-bit Arm machine. Installs what is missing for
# that when possible (qemu-user, a C compiler and rustup's target for it).
aarch64:
	CARGO="$(CARGO)" sh .ci/aarch64.sh

# The verifier as WebAssembly, under node, on a sample of the corpus's objects: the same lines as on this machine.
wasm:
	CARGO="$(CARGO)" sh tests/wasm/compare.sh
