//! Lifejacket: one program that runs a programme of MDMA-assisted therapy for PTSD.
//!
//! Commands speak plainly: what was done on standard output, what is wrong on standard error, exit code 1 for a "no"
//! and 2 for a command line that can't be read.

mod arguments;
mod commands;
mod folder;
mod render;
mod sink;
mod store;

use clap::Parser;
use std::process::ExitCode;

/// Decisions make and drop many short texts; this allocator takes half the time for them that the system's takes.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quiet_when_nobody_reads_on();
    answer_when_a_file_may_not_grow();
    let arguments = arguments::Arguments::parse();
    match commands::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            render::error(&error);
            ExitCode::from(1)
        }
    }
}

/// `lifejacket rules | head` ends as other programs do, and not with a report of a panic. Printing has no other way to say it.
fn quiet_when_nobody_reads_on() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload().downcast_ref::<String>();
        if words.is_some_and(|words| words.starts_with("failed printing to stdout") && words.contains("Broken pipe")) {
            std::process::exit(0);
        }
        report(panic);
    }));
}

/// Where the account may write files of a certain size only (`ulimit -f`), the system ends a program that writes beyond it, without a
/// word. Listening to that signal is enough: the write then fails, and is answered as a full disk is.
fn answer_when_a_file_may_not_grow() {
    #[cfg(unix)]
    {
        /// SIGXFSZ, on every system that this program is built for.
        const FILE_TOO_LARGE: i32 = 25;
        // Once asked for, the signal is the listener's for as long as the program runs. Where that fails, nothing is worse than it was.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        let _inside = runtime.enter();
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(FILE_TOO_LARGE));
    }
}
