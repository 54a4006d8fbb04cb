//! Prints a study that the program carries: `cargo run -p protocol --example show -- small`.

fn main() {
    let id = std::env::args().nth(1).unwrap_or_else(|| "small".to_owned());
    match protocol::embedded::load(&id) {
        Ok(study) => print!("{}", protocol::show::show(&study)),
        Err(diagnostics) => {
            eprint!("{}", protocol::plain(&diagnostics, |file| protocol::embedded::text(file)));
            std::process::exit(1);
        }
    }
}
