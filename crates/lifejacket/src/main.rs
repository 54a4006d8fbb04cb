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

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match commands::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            render::error(&error);
            ExitCode::from(1)
        }
    }
}
