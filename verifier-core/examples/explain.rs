//! Why a kernel rejects the programs of an object: `cargo run --release --example explain -- RELEASE FILE`.

use std::process::ExitCode;

use verifier_core::{Error, Kernel, Object, Question};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [release, file] = args.as_slice() else {
        eprintln!("explain RELEASE FILE");
        return ExitCode::from(2);
    };
    match explain(release, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}

fn explain(release: &str, file: &str) -> Result<(), Error> {
    let kernel = Kernel::release(release)?;
    let object = Object::open(&kernel, file)?;
    for program in object.programs() {
        let answer = Question::new(&kernel, program).explain().ask()?;
        let Some(why) = answer.explanation else { continue };
        println!("{}: {}", program.name(), why.problem);
        for step in &why.steps {
            println!("    instruction {}: {}: {}", step.insn, step.insn_text, step.label);
        }
        for remedy in &why.suggestions {
            println!("    {}", remedy.code);
        }
    }
    Ok(())
}
