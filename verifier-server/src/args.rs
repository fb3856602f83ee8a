//! The words of the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use verifier_core::kernel::profiles::intern;
use verifier_core::program::LoaderRules;
pub use verifier_core::program::glob;
use verifier_runtime::engines::EngineKind;

/// Would Linux load this BPF program, and what exactly would it say?
///
/// Exit codes: 0 all accepted; 1 something rejected, not loadable or over budget; 2 usage, input or output;
/// 3 something unsupported or undecided, and nothing rejected.
#[derive(Parser, Debug)]
#[command(name = "bpfvet", version, long_version = long_version(), max_term_width = 100)]
pub struct Cli {
    /// Write what is printed into this file.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto", help_heading = "Output")]
    pub color: Colour,
    /// Print answers and errors alone: no notes, no progress.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Tell more on standard error, such as which `bpfvet.toml` holds.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The version, the commit that it was built from, and the kernels that it answers for.
fn long_version() -> &'static str {
    let kernels: Vec<String> =
        verifier_core::kernel::Kernel::all().iter().map(|k| format!("{} ({})", k.name, k.release)).collect();
    // `make` tells it to the compiler.
    let commit = option_env!("BPFVET_COMMIT").filter(|c| !c.is_empty()).map_or_else(String::new, |c| format!(" ({c})"));
    intern(format!("{}{commit}\nmeasured kernels: {}", env!("CARGO_PKG_VERSION"), kernels.join(", ")))
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Say what kernels would say about every program of some objects.
    Check(Box<CheckArgs>),
    /// Explain programs of an object at length, or a code such as `mem-map-value-range`.
    ///
    /// Of a rejected program: every step, every suggestion, and the pages of their codes. Of an accepted one: what is
    /// known of the values that each source line uses. With `--log`, what a kernel's log says, alone or beside the object.
    Explain(Box<ExplainArgs>),
    /// Say what programs cost the verifier, by source line or function.
    Cost(Box<CostArgs>),
    /// Print the instructions as they would be loaded.
    Disasm(ToolArgs),
    /// Draw the control-flow graph.
    Cfg(ToolArgs),
    /// Check a program and run it here, without a kernel.
    Run(Box<RunArgs>),
    /// Run the cases of the bpf_conformance suite, or one program for its runner.
    Conformance(ConformanceArgs),
    /// Say since when a helper, kernel function, map type, program type or change of the verifier is there, and for whom.
    Has(HasArgs),
    /// List the kernels that bpfvet knows, and how far it was found to agree with them; of two, what changed between them.
    Kernels(KernelsArgs),
    /// Find out what this machine's kernel does, and write a profile that `--kernel` takes anywhere (as root).
    ///
    /// Programs are loaded and let go, never attached or run. What is forbidden here is said, and left to the release.
    Probe(ProbeArgs),
    /// Write one page of HTML: programs and kernels, source with what each line costs, the chain of causes.
    Report(ReportArgs),
    /// Write a first `bpfvet.toml` for the objects that there are.
    Init(InitArgs),
    /// Print the JSON Schema of `bpfvet.toml` or of JSON rows.
    Schema(SchemaArgs),
    /// Answer as tools of a coding agent (Model Context Protocol) over standard input and output.
    Mcp,
    /// Answer in an editor (Language Server Protocol) over standard input and output, on the source of rebuilt objects.
    Lsp(LspArgs),
    /// Print what makes a shell complete this command line.
    Completions {
        /// For which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for every command.
    Man {
        /// Where the pages go.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Answer over gRPC until told to end.
    Serve(Box<crate::service::args::ServeArgs>),
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Object files, and folders whose objects are meant; `-` is standard input.
    #[arg(value_name = "OBJ", required_unless_present = "raw")]
    pub objects: Vec<PathBuf>,
    /// Which environment to ask.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only programs whose name matches; `*` and `?` stand for any characters and any one.
    #[arg(long, value_name = "GLOB")]
    pub prog: Vec<String>,
    /// Load every program as this type, whatever its section says (`xdp`, `sched_cls`, …).
    #[arg(long = "type", value_name = "TYPE")]
    pub prog_type: Option<String>,
    /// The kernel's log level, a bit mask: 1 the failing path, 2 everything, 4 statistics.
    #[arg(long, value_name = "N")]
    pub log_level: Option<u32>,
    /// How to print the answers.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Limits for accepted programs, as `insns=900000,stack=400,states=5000`; more is a failure.
    #[arg(long, value_name = "LIMITS")]
    pub budget: Option<String>,
    /// A csv of an earlier run, of bpfvet or veristat: what differs from it, and which programs are gone, is shown.
    #[arg(long, value_name = "CSV")]
    pub baseline: Option<PathBuf>,
    /// The oldest kernel that takes each program, of all that bpfvet knows, and what keeps older ones out.
    #[arg(long, conflicts_with_all = ["kernel", "btf", "module_btf", "baseline", "budget", "raw", "solve", "server"])]
    pub minimum: bool,
    /// Load each program on the running kernel too (as root), and show where it answers otherwise than bpfvet does for it,
    /// or for the kernel given. The exit code is 1 where a verdict differs.
    #[arg(long, value_name = "KERNEL", num_args = 0..=1, default_missing_value = "running", require_equals = true,
          conflicts_with_all = ["kernel", "minimum", "baseline", "budget", "raw", "solve", "server"])]
    pub compare_running: Option<String>,
    /// What counts as a failure besides rejections.
    #[arg(long, value_enum)]
    pub fail_on: Vec<FailOn>,
    /// Always exit with 0 unless the command line or the input is wrong.
    #[arg(long)]
    pub exit_zero: bool,
    /// Load as veristat does: maps without entries get one, `freplace` as a guessed type, flags from selftest tags.
    #[arg(long)]
    pub as_veristat: bool,
    /// Whose rules hold before the kernel's.
    #[arg(long, value_name = "LOADER", value_enum, conflicts_with = "as_veristat")]
    pub loader: Option<LoaderName>,
    /// What the objects and their loader agree on.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Programs as JSON lines with raw instructions and maps instead of objects; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "objects")]
    pub raw: Option<PathBuf>,
    /// Decide about each rejection: a real bug, with an input that shows it, or an access that is safe. `all` looks at
    /// accepted programs too.
    #[arg(long, value_name = "WHICH", value_enum, num_args = 0..=1, default_missing_value = "rejected", require_equals = true)]
    pub solve: Option<SolveWhich>,
    /// Save inputs that show bugs here: a JSON file each, and a capture file where there is a packet.
    #[arg(long, value_name = "DIR", requires = "solve")]
    pub witness: Option<PathBuf>,
    /// Load without any capability.
    #[arg(long)]
    pub unprivileged: bool,
    /// Load with these capabilities only: `bpf,perfmon,net_admin,sys_admin`.
    #[arg(long, value_name = "LIST", conflicts_with = "unprivileged")]
    pub caps: Option<String>,
    /// Never take a path as covered by another one; slow, for tests of bpfvet itself.
    #[arg(long, hide = true, conflicts_with = "server")]
    pub no_prune: bool,
    /// Seconds for one program, after which it is undecided; parts of a second count.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub timeout: Duration,
    /// Files looked at side by side; as many as the machine has processors unless given. The answers and their order are
    /// the same. With `--solve`, one at a time.
    #[arg(long, value_name = "N", conflicts_with = "server")]
    pub jobs: Option<NonZeroUsize>,
    /// Who answers.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A service that answers in place of this process.
#[derive(Args, Debug)]
pub struct ServerArgs {
    /// Ask a `bpfvet serve`, as `http://127.0.0.1:50551`; a bearer token is taken from BPFVET_TOKEN.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Certificates to trust, in PEM, for `https`: the one that signed the service's, or the service's own.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub server_ca: Option<PathBuf>,
    /// Certificate to show to the service, in PEM, where it asks for one.
    #[arg(long, value_name = "FILE", requires_all = ["server_ca", "client_key"])]
    pub client_cert: Option<PathBuf>,
    /// Its private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
}

/// Name of the file that is found upward from objects.
pub const CONFIG_NAME: &str = "bpfvet.toml";

/// Which `bpfvet.toml` holds.
#[derive(Args, Debug, Clone, Default)]
pub struct ConfigArgs {
    /// Take this file in the place of the nearest `bpfvet.toml` in the folder of the object or above it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Take no `bpfvet.toml`.
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
}

/// Options of `run`.
#[derive(Args, Debug, Clone)]
pub struct RunArgs {
    /// Object file; with `--classic`, a classic BPF program as `tcpdump -ddd` prints it.
    #[arg(value_name = "OBJ", required_unless_present = "list_helpers")]
    pub object: Option<PathBuf>,
    /// Which environment to check it for.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The program, when the object has several.
    #[arg(long, value_name = "NAME")]
    pub prog: Option<String>,
    /// The packet: a file, or hexadecimal digits.
    #[arg(long, value_name = "FILE|HEX")]
    pub data_in: Option<String>,
    /// First bytes of the context: a file, or hexadecimal digits.
    #[arg(long, value_name = "FILE|HEX")]
    pub ctx_in: Option<String>,
    /// Run over every packet of a capture (pcap or pcapng).
    #[arg(long, value_name = "FILE", conflicts_with = "data_in")]
    pub pcap: Option<PathBuf>,
    /// Where packets go that the program lets go on, as it left them.
    #[arg(long, value_name = "FILE", requires = "pcap")]
    pub pcap_out: Option<PathBuf>,
    /// An input that `check --solve --witness` saved: run on it a program that is rejected, every access checked. The exit
    /// code is 1 where the program does what the input was saved for.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data_in", "ctx_in", "pcap", "engine", "repeat", "classic"])]
    pub witness: Option<PathBuf>,
    /// Runs for each packet; what a run changes, the next one sees.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = between::<u32>(1, 1 << 30))]
    pub repeat: u32,
    /// What runs the program; not given, it is interpreted, and compiled once it has run often.
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Look every access up, and report what the checker must have missed.
    #[arg(long)]
    pub checked: bool,
    /// Socket buffers begin at the network header for every type, as in BPF_PROG_TEST_RUN of socket filters.
    #[arg(long)]
    pub network_layer: bool,
    /// Put a program of the object into a prog array; may be repeated.
    #[arg(long, value_name = "MAP:INDEX=PROG")]
    pub tail_call: Vec<String>,
    /// OBJ is a classic BPF program, a list of numbers.
    #[arg(long)]
    pub classic: bool,
    /// How to print the outcome.
    #[arg(long, value_enum, default_value = "text")]
    pub format: RunFormat,
    /// Seconds for one run.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = between::<u64>(1, DAY))]
    pub timeout: u64,
    /// List helpers and kernel functions, and how far each is modelled.
    #[arg(long)]
    pub list_helpers: bool,
}

/// How `run` prints the outcome.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Options of `conformance`.
#[derive(Args, Debug)]
pub struct ConformanceArgs {
    /// Folder with `*.data` files; with `--plugin`, memory as hexadecimal bytes.
    #[arg(value_name = "DIR|MEMORY")]
    pub input: Option<String>,
    /// What runs the programs.
    #[arg(long, value_enum, default_value = "interp")]
    pub engine: EngineName,
    /// Follow the suite's plugin contract: memory as the argument, the program in hexadecimal on standard input, r0 in
    /// hexadecimal on standard output.
    #[arg(long)]
    pub plugin: bool,
}

/// What runs programs.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum EngineName {
    /// The interpreter.
    Interp,
    /// Compiled code.
    Jit,
}

impl From<EngineName> for EngineKind {
    fn from(name: EngineName) -> EngineKind {
        match name {
            EngineName::Interp => EngineKind::Interp,
            EngineName::Jit => EngineKind::Jit,
        }
    }
}

/// Which environment to ask.
#[derive(Args, Debug, Clone)]
pub struct TargetArgs {
    /// Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between
    /// them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated.
    /// 6.12 unless given here or in `bpfvet.toml`.
    #[arg(long, short, value_name = "LIST")]
    pub kernel: Vec<String>,
    /// BTF to use in place of the kernel's own, as `/sys/kernel/btf/vmlinux`.
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
    /// Possible CPUs of the machines that are meant; not given: as many as there can be.
    #[arg(long, value_name = "N", value_parser = between::<u32>(1, 8192))]
    pub cpus: Option<u32>,
    /// BTF of a loaded module; the file's name up to the last `.btf` or the first dot names it.
    #[arg(long, value_name = "FILE")]
    pub module_btf: Vec<PathBuf>,
}

/// The kernel that is asked where none is named.
const DEFAULT_KERNEL: &str = "6.12";

impl TargetArgs {
    /// The words that name kernels.
    pub fn kernels(&self) -> Vec<&str> {
        let words = self.kernel.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|n| !n.is_empty());
        let words: Vec<&str> = words.collect();
        if self.kernel.is_empty() { vec![DEFAULT_KERNEL] } else { words }
    }

    /// The same, for the kernels that a contract names where the command line names none.
    pub fn or(&self, kernels: &[String]) -> TargetArgs {
        let mut out = self.clone();
        if self.kernel.is_empty() {
            out.kernel = kernels.to_vec();
        }
        out
    }
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// An object file (`-` is standard input), a code, or `list` for all codes; with `--log`, the object that the log is of.
    #[arg(value_name = "OBJ|CODE", required_unless_present = "log")]
    pub what: Option<PathBuf>,
    /// A verifier's log as any loader prints it; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which environment to load for.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only programs whose name matches.
    #[arg(long, value_name = "GLOB")]
    pub prog: Vec<String>,
    /// Make each suggested change on a copy of the source, compile and check that, and say what came of it; what helps comes
    /// first. The source files that the object names are read. With a command, that compiles: `clang-19 -O2 -Iinclude`.
    #[arg(long, value_name = "COMPILER", num_args = 0..=1, default_missing_value = "clang", require_equals = true, conflicts_with = "log")]
    pub verify_fixes: Option<String>,
}

/// What cost is summed by.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Source lines; instructions where there is no source.
    Line,
    /// Functions of the program.
    Function,
}

/// Options of `cost`.
#[derive(Args, Debug)]
pub struct CostArgs {
    /// Object file; `-` is standard input.
    #[arg(value_name = "OBJ")]
    pub object: PathBuf,
    /// Which environment to load for.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only programs whose name matches.
    #[arg(long, value_name = "GLOB")]
    pub prog: Vec<String>,
    /// What to sum by.
    #[arg(long, value_enum, default_value_t = By::Line)]
    pub by: By,
    /// Most rows of one program.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
    /// Another build of the same programs: what grew since then.
    #[arg(long, value_name = "OBJ")]
    pub compare: Option<PathBuf>,
    /// Write instructions processed by line in the form of coverage tools.
    #[arg(long, value_name = "FILE")]
    pub lcov: Option<PathBuf>,
    /// Draw instructions processed by chain of calls and line: a flame graph, an SVG file.
    #[arg(long, value_name = "FILE")]
    pub flame: Option<PathBuf>,
    /// Which register or stack slot kept paths from being covered by a state that was kept, by line.
    #[arg(long, conflicts_with = "compare")]
    pub why_not_pruned: bool,
    /// In which form: text, json or jsonl.
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "compare")]
    pub format: Format,
}

/// Options of `has`.
#[derive(Args, Debug)]
pub struct HasArgs {
    /// `bpf_loop`, `bpf_task_acquire`, `ringbuf`, `BPF_PROG_TYPE_XDP`, or the name of a change that `kernels A B` lists.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How to print the answer.
    #[arg(long, value_enum, default_value = "text")]
    pub format: RunFormat,
}

/// Options of `probe`.
#[derive(Args, Debug)]
pub struct ProbeArgs {
    /// Where the profile goes, as `web1.toml`; its data goes to `web1.btf.gz` beside it.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Object files, and folders whose objects are meant.
    #[arg(value_name = "OBJ", required = true)]
    pub objects: Vec<PathBuf>,
    /// Where the page goes; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Which environment to ask.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What the objects and their loader agree on.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only programs whose name matches.
    #[arg(long, value_name = "GLOB")]
    pub prog: Vec<String>,
    /// Leave out what lines cost, which takes a second run of the analysis.
    #[arg(long)]
    pub no_cost: bool,
    /// Show what is known of values on lines of accepted programs, which takes another run.
    #[arg(long)]
    pub values: bool,
}

/// Options of `lsp`.
#[derive(Args, Debug)]
pub struct LspArgs {
    /// Folders whose objects are watched; those that are open in the editor unless given.
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Which environment to ask.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What the objects and their loader agree on.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Taken for editors that pass it; there is no other way.
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// Options of `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// Objects, and folders whose objects are meant; the working directory unless given.
    #[arg(value_name = "OBJ")]
    pub objects: Vec<PathBuf>,
    /// Where the file goes; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = CONFIG_NAME)]
    pub out: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// Options of `schema`.
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// Of what.
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// Of what a JSON Schema is printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// Of `bpfvet.toml`.
    Config,
    /// Of the rows that `--format json` and `jsonl` print.
    Rows,
}

/// Options of `kernels`.
#[derive(Args, Debug)]
pub struct KernelsArgs {
    /// A release such as `6.14` or `6.18.44`.
    #[arg(value_name = "RELEASE", requires = "to")]
    pub from: Option<String>,
    /// A later one: what changed on the way.
    #[arg(value_name = "LATER")]
    pub to: Option<String>,
}

/// Options of `disasm` and `cfg`.
#[derive(Args, Debug)]
pub struct ToolArgs {
    /// Object file; `-` is standard input.
    #[arg(value_name = "OBJ")]
    pub object: PathBuf,
    /// Which environment to load for.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only programs whose name matches.
    #[arg(long, value_name = "GLOB")]
    pub prog: Vec<String>,
    /// The graph as Graphviz text, which is the default.
    #[arg(long)]
    pub dot: bool,
    /// The graph of one program as an SVG picture.
    #[arg(long, conflicts_with = "dot")]
    pub svg: bool,
}

/// How to print the answers.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Text,
    /// Columns of veristat.
    Table,
    /// Columns of veristat, by comma.
    Csv,
    /// One JSON list.
    Json,
    /// A JSON object per line.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports.
    Junit,
    /// Annotations for GitHub Actions, and a summary where GITHUB_STEP_SUMMARY says.
    Github,
    /// The kernel's log and nothing else.
    Kernel,
}

impl Format {
    /// Whether the form shows why a program is rejected, step by step.
    pub const fn explains(self) -> bool {
        matches!(self, Format::Text | Format::Sarif | Format::Junit | Format::Github)
    }
}

/// Who loads objects.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoaderName {
    /// libbpf since 1.0: bpftool, skeletons, veristat.
    Libbpf,
    /// cilium/ebpf, in Go: takes maps in `maps` sections, and static programs.
    EbpfGo,
    /// aya, in Rust: takes the same.
    Aya,
}

impl From<LoaderName> for LoaderRules {
    fn from(name: LoaderName) -> LoaderRules {
        match name {
            LoaderName::Libbpf => LoaderRules::Libbpf,
            LoaderName::EbpfGo => LoaderRules::EbpfGo,
            LoaderName::Aya => LoaderRules::Aya,
        }
    }
}

/// Which programs to decide about.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SolveWhich {
    /// Rejected ones.
    Rejected,
    /// Accepted ones as well: a second opinion.
    All,
}

/// What counts as a failure besides rejections.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    /// Programs that use something bpfvet does not model.
    Unsupported,
}

/// Longest time that is taken for one, in seconds.
const DAY: u64 = 86_400;

/// A number from `least` to `most`: none and absurd ones are mistakes.
fn between<T>(least: u64, most: u64) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
    T::Error: Send + Sync + 'static + std::error::Error,
{
    RangedU64ValueParser::<T>::new().range(least..=most)
}

/// A time in seconds, with parts of one.
fn seconds(text: &str) -> Result<Duration, String> {
    let n: f64 = text.parse().map_err(|_| "not a number of seconds".to_string())?;
    if n > 0.0 && n <= DAY as f64 {
        Ok(Duration::from_secs_f64(n))
    } else {
        Err(format!("not within 0 to {DAY} seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_and_endless_time_are_mistakes() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(["0", "-1", "nan", "inf", "1e9", "x"].iter().all(|s| seconds(s).is_err()));
    }

    #[test]
    fn command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
