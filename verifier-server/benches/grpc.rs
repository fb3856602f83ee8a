//! Verifications per second through gRPC, and in this process: the service must reach 0.85 of it.
//!
//! Takes every object of the corpus, and of the recordings when they are beside the checkout. Rounds of both kinds take
//! turns, and the median of their ratios counts: machines change their speed from minute to minute. A round goes over all
//! objects several times without a pause: at the end of one, when a last long analysis runs alone, cores are idle. On a
//! machine that does other work, `taskset -c 0` makes it fair: threads that sleep and wake lose more to others than
//! threads that never sleep.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_server::ask::{Nobody, Question};
use verifier_server::service::config::{Config, Limits};
use verifier_server::service::proto::input::What;
use verifier_server::service::proto::verifier_client::VerifierClient;
use verifier_server::service::proto::{Input, VerifyRequest};
use verifier_server::service::{runtime, serve};

/// As in the binary that ships.
#[global_allocator]
static ALLOCATOR: verifier_server::service::alloc::Counting = verifier_server::service::alloc::Counting;

/// Share of the speed in this process that the service must reach.
const SHARE: f64 = 0.85;
/// Rounds of each kind.
const ROUNDS: usize = 5;
/// How often a round goes over all objects.
const PASSES: usize = 5;
/// Programs that take longer are left out: they say nothing of the service.
const TIME: Duration = Duration::from_secs(2);
/// Clients for each core: most objects take less time than the way to a client and back, and meanwhile others are waiting.
const CLIENTS: usize = 4;
/// Argument that makes this binary the service.
const SERVE: &str = "serve-for-bench";

fn objects(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for e in entries.flatten() {
        let path = e.path();
        if path.is_dir() {
            objects(&path, out);
        } else if path.extension().is_some_and(|x| x == "o") {
            out.push(path);
        }
    }
}

fn workers() -> usize {
    Limits::default().workers
}

/// The next object of a round.
fn object<'a>(objects: &'a [(String, Vec<u8>)], next: &AtomicUsize) -> Option<&'a (String, Vec<u8>)> {
    let n = next.fetch_add(1, Ordering::Relaxed);
    objects.get(n % objects.len().max(1)).filter(|_| n < objects.len() * PASSES)
}

/// Programs judged by threads of this process, and how long that takes.
fn in_process(objects: &[(String, Vec<u8>)], system: &System, question: &Question) -> (usize, Duration) {
    let (next, programs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            let work = || {
                while let Some((name, bytes)) = object(objects, &next) {
                    let rows =
                        question.object(name, bytes, std::slice::from_ref(system), &mut Nobody::default(), &|| false);
                    programs.fetch_add(rows.map_or(0, |r| r.len()), Ordering::Relaxed);
                }
            };
            std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work).expect("a thread");
        }
    });
    (programs.into_inner(), begun.elapsed())
}

/// The same through the service, by clients that send one object after another.
async fn through_grpc(objects: &[(String, Vec<u8>)], url: &str) -> (usize, Duration) {
    let objects: &'static [(String, Vec<u8>)] = Box::leak(objects.to_vec().into_boxed_slice());
    let next: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
    let mut clients = Vec::new();
    for _ in 0..workers() * CLIENTS {
        clients.push(
            VerifierClient::connect(url.to_string()).await.expect("connects").max_decoding_message_size(usize::MAX),
        );
    }
    let begun = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                let mut programs = 0;
                while let Some((name, bytes)) = object(objects, next) {
                    let input = Input { name: name.clone(), what: Some(What::Object(bytes.clone())) };
                    let request = VerifyRequest { input: Some(input), ..VerifyRequest::default() };
                    programs += client.verify(request).await.map_or(0, |r| r.get_ref().answers.len());
                }
                programs
            })
        })
        .collect();
    let mut programs = 0;
    for task in tasks {
        programs += task.await.expect("a client");
    }
    (programs, begun.elapsed())
}

fn serve_here() {
    let limits = Limits::default();
    let config = Config::local(limits);
    runtime(&limits).expect("a runtime").block_on(async {
        let listener = TcpListener::bind(config.listen).await.expect("a port");
        serve(config, listener, |address| println!("{address}"), std::future::pending()).await.expect("serves");
    });
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a == SERVE) {
        serve_here();
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = std::env::var_os("BPFVET_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let mut files = Vec::new();
    objects(&root.join("corpus"), &mut files);
    objects(&shared.join("kernel-recordings/objects"), &mut files);
    files.sort();
    let kernel = Kernel::v6_12();
    let system = System::stored(kernel).expect("stored BTF");
    // What is malformed or slow is no measure of throughput.
    let question = Question { time: Some(TIME), ..Question::default() };
    let wanted = |(name, bytes): &(String, Vec<u8>)| {
        let rows = question.object(name, bytes, std::slice::from_ref(&system), &mut Nobody::default(), &|| false);
        rows.is_ok_and(|rows| rows.iter().all(|r| r.undecided.is_none()))
    };
    let loaded: Vec<(String, Vec<u8>)> =
        files.iter().filter_map(|f| Some((f.display().to_string(), std::fs::read(f).ok()?))).filter(wanted).collect();

    let mut server = Command::new(std::env::current_exe().expect("this program"))
        .arg(SERVE)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the service starts");
    let mut address = String::new();
    let mut out = std::io::BufReader::new(server.stdout.take().expect("standard output"));
    std::io::BufRead::read_line(&mut out, &mut address).expect("the address");
    let url = format!("http://{}", address.trim());
    let clients = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");

    let mut shares = Vec::new();
    for round in 1..=ROUNDS {
        let here = in_process(&loaded, &system, &question);
        let there = clients.block_on(through_grpc(&loaded, &url));
        assert_eq!(here.0, there.0, "the service answers for other programs");
        let speed = |(programs, time): (usize, Duration)| programs as f64 / time.as_secs_f64();
        let (here, there) = (speed(here), speed(there));
        println!(
            "round {round}: {here:.0} programs/s in this process, {there:.0} through gRPC: {:.2} of it",
            there / here
        );
        shares.push(there / here);
    }
    let _ = server.kill();
    let _ = server.wait();
    shares.sort_by(f64::total_cmp);
    let share = shares[ROUNDS / 2];
    println!("{} objects: the service has {share:.2} of the speed in this process (at least {SHARE})", loaded.len());
    if share >= SHARE { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
