# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bpfvet_global_optspecs
    string join \n output= color= q/quiet v/verbose h/help V/version
end

function __fish_bpfvet_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bpfvet_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bpfvet_using_subcommand
    set -l cmd (__fish_bpfvet_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bpfvet -n "__fish_bpfvet_needs_command" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_needs_command" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -s V -l version -d 'Print version'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "check" -d 'Say what kernels would say about every program of some objects'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "explain" -d 'Explain programs of an object at length, or a code such as `mem-map-value-range`'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "cost" -d 'Say what programs cost the verifier, by source line or function'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "disasm" -d 'Print the instructions as they would be loaded'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "cfg" -d 'Draw the control-flow graph'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "run" -d 'Check a program and run it here, without a kernel'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "conformance" -d 'Run the cases of the bpf_conformance suite, or one program for its runner'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "has" -d 'Say since when a helper, kernel function, map type, program type or change of the verifier is there, and for whom'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "kernels" -d 'List the kernels that bpfvet knows, and how far it was found to agree with them; of two, what changed between them'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "probe" -d 'Find out what this machine\'s kernel does, and write a profile that `--kernel` takes anywhere (as root)'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "report" -d 'Write one page of HTML: programs and kernels, source with what each line costs, the chain of causes'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "init" -d 'Write a first `bpfvet.toml` for the objects that there are'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "schema" -d 'Print the JSON Schema of `bpfvet.toml` or of JSON rows'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "mcp" -d 'Answer as tools of a coding agent (Model Context Protocol) over standard input and output'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "lsp" -d 'Answer in an editor (Language Server Protocol) over standard input and output, on the source of rebuilt objects'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "completions" -d 'Print what makes a shell complete this command line'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "man" -d 'Print the manual page, or write one for every command'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "serve" -d 'Answer over gRPC until told to end'
complete -c bpfvet -n "__fish_bpfvet_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l prog -d 'Only programs whose name matches; `*` and `?` stand for any characters and any one' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l type -d 'Load every program as this type, whatever its section says (`xdp`, `sched_cls`, …)' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l log-level -d 'The kernel\'s log level, a bit mask: 1 the failing path, 2 everything, 4 statistics' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l format -d 'How to print the answers' -r -f -a "text\t'For people'
table\t'Columns of veristat'
csv\t'Columns of veristat, by comma'
json\t'One JSON list'
jsonl\t'A JSON object per line'
sarif\t'SARIF 2.1.0, for code scanning'
junit\t'JUnit XML, for test reports'
github\t'Annotations for GitHub Actions, and a summary where GITHUB_STEP_SUMMARY says'
kernel\t'The kernel\'s log and nothing else'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l budget -d 'Limits for accepted programs, as `insns=900000,stack=400,states=5000`; more is a failure' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l baseline -d 'A csv of an earlier run, of bpfvet or veristat: what differs from it, and which programs are gone, is shown' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l compare-running -d 'Load each program on the running kernel too (as root), and show where it answers otherwise than bpfvet does for it, or for the kernel given. The exit code is 1 where a verdict differs' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l fail-on -d 'What counts as a failure besides rejections' -r -f -a "unsupported\t'Programs that use something bpfvet does not model'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l loader -d 'Whose rules hold before the kernel\'s' -r -f -a "libbpf\t'libbpf since 1.0: bpftool, skeletons, veristat'
ebpf-go\t'cilium/ebpf, in Go: takes maps in `maps` sections, and static programs'
aya\t'aya, in Rust: takes the same'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l config -d 'Take this file in the place of the nearest `bpfvet.toml` in the folder of the object or above it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l raw -d 'Programs as JSON lines with raw instructions and maps instead of objects; `-` is standard input' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l solve -d 'Decide about each rejection: a real bug, with an input that shows it, or an access that is safe. `all` looks at accepted programs too' -r -f -a "rejected\t'Rejected ones'
all\t'Accepted ones as well: a second opinion'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l witness -d 'Save inputs that show bugs here: a JSON file each, and a capture file where there is a packet' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l caps -d 'Load with these capabilities only: `bpf,perfmon,net_admin,sys_admin`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l timeout -d 'Seconds for one program, after which it is undecided; parts of a second count' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l jobs -d 'Files looked at side by side; as many as the machine has processors unless given. The answers and their order are the same. With `--solve`, one at a time' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l server -d 'Ask a `bpfvet serve`, as `http://127.0.0.1:50551`; a bearer token is taken from BPFVET_TOKEN' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l server-ca -d 'Certificates to trust, in PEM, for `https`: the one that signed the service\'s, or the service\'s own' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l client-cert -d 'Certificate to show to the service, in PEM, where it asks for one' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l client-key -d 'Its private key, in PEM' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l minimum -d 'The oldest kernel that takes each program, of all that bpfvet knows, and what keeps older ones out'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l exit-zero -d 'Always exit with 0 unless the command line or the input is wrong'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l as-veristat -d 'Load as veristat does: maps without entries get one, `freplace` as a guessed type, flags from selftest tags'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l no-config -d 'Take no `bpfvet.toml`'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l unprivileged -d 'Load without any capability'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -l no-prune -d 'Never take a path as covered by another one; slow, for tests of bpfvet itself'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l log -d 'A verifier\'s log as any loader prints it; `-` is standard input' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l format -d 'In which form' -r -f -a "text\t'For people'
table\t'Columns of veristat'
csv\t'Columns of veristat, by comma'
json\t'One JSON list'
jsonl\t'A JSON object per line'
sarif\t'SARIF 2.1.0, for code scanning'
junit\t'JUnit XML, for test reports'
github\t'Annotations for GitHub Actions, and a summary where GITHUB_STEP_SUMMARY says'
kernel\t'The kernel\'s log and nothing else'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l prog -d 'Only programs whose name matches' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l verify-fixes -d 'Make each suggested change on a copy of the source, compile and check that, and say what came of it; what helps comes first. The source files that the object names are read. With a command, that compiles: `clang-19 -O2 -Iinclude`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l prog -d 'Only programs whose name matches' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l by -d 'What to sum by' -r -f -a "line\t'Source lines; instructions where there is no source'
function\t'Functions of the program'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l top -d 'Most rows of one program' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l compare -d 'Another build of the same programs: what grew since then' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l lcov -d 'Write instructions processed by line in the form of coverage tools' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l flame -d 'Draw instructions processed by chain of calls and line: a flame graph, an SVG file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l format -d 'In which form: text, json or jsonl' -r -f -a "text\t'For people'
table\t'Columns of veristat'
csv\t'Columns of veristat, by comma'
json\t'One JSON list'
jsonl\t'A JSON object per line'
sarif\t'SARIF 2.1.0, for code scanning'
junit\t'JUnit XML, for test reports'
github\t'Annotations for GitHub Actions, and a summary where GITHUB_STEP_SUMMARY says'
kernel\t'The kernel\'s log and nothing else'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -l why-not-pruned -d 'Which register or stack slot kept paths from being covered by a state that was kept, by line'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cost" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l prog -d 'Only programs whose name matches' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l dot -d 'The graph as Graphviz text, which is the default'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -l svg -d 'The graph of one program as an SVG picture'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand disasm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l prog -d 'Only programs whose name matches' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l dot -d 'The graph as Graphviz text, which is the default'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -l svg -d 'The graph of one program as an SVG picture'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand cfg" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l prog -d 'The program, when the object has several' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l data-in -d 'The packet: a file, or hexadecimal digits' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l ctx-in -d 'First bytes of the context: a file, or hexadecimal digits' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l pcap -d 'Run over every packet of a capture (pcap or pcapng)' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l pcap-out -d 'Where packets go that the program lets go on, as it left them' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l witness -d 'An input that `check --solve --witness` saved: run on it a program that is rejected, every access checked. The exit code is 1 where the program does what the input was saved for' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l repeat -d 'Runs for each packet; what a run changes, the next one sees' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l engine -d 'What runs the program; not given, it is interpreted, and compiled once it has run often' -r -f -a "interp\t'The interpreter'
jit\t'Compiled code'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l tail-call -d 'Put a program of the object into a prog array; may be repeated' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l format -d 'How to print the outcome' -r -f -a "text\t'For people'
json\t'One JSON object'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l timeout -d 'Seconds for one run' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l checked -d 'Look every access up, and report what the checker must have missed'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l network-layer -d 'Socket buffers begin at the network header for every type, as in BPF_PROG_TEST_RUN of socket filters'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l classic -d 'OBJ is a classic BPF program, a list of numbers'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -l list-helpers -d 'List helpers and kernel functions, and how far each is modelled'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -l engine -d 'What runs the programs' -r -f -a "interp\t'The interpreter'
jit\t'Compiled code'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -l plugin -d 'Follow the suite\'s plugin contract: memory as the argument, the program in hexadecimal on standard input, r0 in hexadecimal on standard output'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand conformance" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -l format -d 'How to print the answer' -r -f -a "text\t'For people'
json\t'One JSON object'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand has" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand kernels" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand kernels" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand kernels" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand kernels" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand kernels" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -s o -l out -d 'Where the profile goes, as `web1.toml`; its data goes to `web1.btf.gz` beside it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -s o -l out -d 'Where the page goes; `-` is standard output' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l config -d 'Take this file in the place of the nearest `bpfvet.toml` in the folder of the object or above it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l prog -d 'Only programs whose name matches' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l no-config -d 'Take no `bpfvet.toml`'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l no-cost -d 'Leave out what lines cost, which takes a second run of the analysis'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -l values -d 'Show what is known of values on lines of accepted programs, which takes another run'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -s o -l out -d 'Where the file goes; `-` is standard output' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -l force -d 'Write over a file that is there'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand schema" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand schema" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand schema" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand schema" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand mcp" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand mcp" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand mcp" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand mcp" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand mcp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -s k -l kernel -d 'Kernels, by comma: a release (`6.12`, `6.14.3`), a range (`6.12-`, `6.1-6.12`: its ends and what was measured between them), `all`, `running`, or a profile that `probe` wrote (`./web1.toml`); may be repeated. 6.12 unless given here or in `bpfvet.toml`' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l btf -d 'BTF to use in place of the kernel\'s own, as `/sys/kernel/btf/vmlinux`' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l cpus -d 'Possible CPUs of the machines that are meant; not given: as many as there can be' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l module-btf -d 'BTF of a loaded module; the file\'s name up to the last `.btf` or the first dot names it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l config -d 'Take this file in the place of the nearest `bpfvet.toml` in the folder of the object or above it' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l no-config -d 'Take no `bpfvet.toml`'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -l stdio -d 'Taken for editors that pass it; there is no other way'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand lsp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand completions" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand completions" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand completions" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -l dir -d 'Where the pages go' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l listen -d 'Address to listen on; port 0 takes a free one. Any address but loopback needs TLS, and tokens or client certificates' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l metrics -d 'Address on which Prometheus finds metrics, as `http://ADDR/metrics`; not given, there are none. Whoever reaches it may read them: they name no client and no program' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l tls-cert -d 'Certificate chain, in PEM; read again when the file changes. how to make one stands below' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l tls-key -d 'Its private key, in PEM; read again when the file changes' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l tls-client-ca -d 'Certificates, in PEM, one of which must have signed the certificate that a client shows; read again when the file changes. Not given, clients show none' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l token-file -d 'Bearer tokens that requests may carry, one a line, at most 256 bytes each; `#` begins a comment. Read again when the file changes' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-bytes -d 'Largest request, in MiB' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-insns -d 'Most instructions of all programs of one request' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-memory -d 'Most memory for one request, from its first byte to the last one of the answer, in MiB' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l total-memory -d 'Most memory for the whole process, in MiB; when it is used up, the largest request ends' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-seconds -d 'Longest time for one request' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-requests -d 'Most requests at once; more are refused, or take the place of one whose client has several more' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-requests-each -d 'Most requests at once of one client: of a token, else of a client certificate, else of an address. Not given, half of all' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-watches -d 'Most `Watch` streams at once, which are no requests until a build comes' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-watches-each -d 'Most `Watch` streams at once of one client. Not given, half of all' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-connections -d 'Most connections at once. A new one takes the place of one that is not needed: one that said nothing, or has no request open' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l max-connections-each -d 'Most connections at once from one address. Not given, half of all' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l workers -d 'Cores that analyses may take; all of them when not given' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l hello-seconds -d 'How long a new connection may take to speak TLS and HTTP/2' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l body-seconds -d 'How long a request may take to arrive' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l stall-seconds -d 'How long a client may leave an answer untaken' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l idle-seconds -d 'How long a connection without a request is kept' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l watch-seconds -d 'How long a `Watch` stream without a build is kept' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l drain-seconds -d 'How long requests may go on after SIGTERM or SIGINT' -r
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l output -d 'Write what is printed into this file' -r -F
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -s q -l quiet -d 'Print answers and errors alone: no notes, no progress'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -s v -l verbose -d 'Tell more on standard error, such as which `bpfvet.toml` holds'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "check" -d 'Say what kernels would say about every program of some objects'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "explain" -d 'Explain programs of an object at length, or a code such as `mem-map-value-range`'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "cost" -d 'Say what programs cost the verifier, by source line or function'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "disasm" -d 'Print the instructions as they would be loaded'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "cfg" -d 'Draw the control-flow graph'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "run" -d 'Check a program and run it here, without a kernel'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "conformance" -d 'Run the cases of the bpf_conformance suite, or one program for its runner'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "has" -d 'Say since when a helper, kernel function, map type, program type or change of the verifier is there, and for whom'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "kernels" -d 'List the kernels that bpfvet knows, and how far it was found to agree with them; of two, what changed between them'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "probe" -d 'Find out what this machine\'s kernel does, and write a profile that `--kernel` takes anywhere (as root)'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "report" -d 'Write one page of HTML: programs and kernels, source with what each line costs, the chain of causes'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "init" -d 'Write a first `bpfvet.toml` for the objects that there are'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "schema" -d 'Print the JSON Schema of `bpfvet.toml` or of JSON rows'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "mcp" -d 'Answer as tools of a coding agent (Model Context Protocol) over standard input and output'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "lsp" -d 'Answer in an editor (Language Server Protocol) over standard input and output, on the source of rebuilt objects'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "completions" -d 'Print what makes a shell complete this command line'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "man" -d 'Print the manual page, or write one for every command'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "serve" -d 'Answer over gRPC until told to end'
complete -c bpfvet -n "__fish_bpfvet_using_subcommand help; and not __fish_seen_subcommand_from check explain cost disasm cfg run conformance has kernels probe report init schema mcp lsp completions man serve help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
