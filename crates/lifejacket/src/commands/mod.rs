//! One file a command.

mod account;
mod apply;
mod demo;
mod design;
mod export;
mod forecast;
mod init;
mod lock;
mod mmrm;
mod prove;
mod report;
mod rules;
mod schema;
mod score;
mod seal;
mod serve;
mod simulate;
mod study;
mod trace;
mod verify;
mod why;

use crate::arguments::{Arguments, Command};
use std::process::ExitCode;

/// Runs the command that was asked for.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Account(account) => account::run(&account),
        Command::Init(init) => init::run(&init),
        Command::Seal(seal) => seal::run(&seal),
        Command::Serve(serve) => serve::run(&serve),
        Command::Study(study) => study::run(&study),
        Command::Apply(apply) => apply::run(&apply),
        Command::Schema(schema) => schema::run(&schema),
        Command::Rules(rules) => rules::run(&rules),
        Command::Why(why) => why::run(&why),
        Command::Forecast(forecast) => forecast::run(&forecast),
        Command::Lock(lock) => lock::run(&lock),
        Command::Report(report) => report::run(&report),
        Command::Trace(trace) => trace::run(&trace),
        Command::Rebuild(data) => verify::rebuild(&data),
        Command::Verify(data) => verify::verify(&data),
        Command::Export(export) => export::run(&export),
        Command::Score(score) => score::run(&score),
        Command::Simulate(simulate) => simulate::run(&simulate),
        Command::Mmrm(mmrm) => mmrm::run(&mmrm),
        Command::Design(design) => design::run(&design),
    }
}
