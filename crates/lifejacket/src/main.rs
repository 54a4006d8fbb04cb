//! The program: commands, configuration, demonstration
fn main() {}
