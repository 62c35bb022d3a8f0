//! Shows what the front end makes of a program: `cargo run -p weir-sql --example show FILE [rust|plan|dot]`.

fn main() {
    let file = std::env::args().nth(1).expect("a file");
    let source = std::fs::read_to_string(&file).expect("readable");
    match weir_sql::compile(&source) {
        Ok(p) => {
            print!("{}", weir_sql::render(&source, &file, &p.warnings));
            match std::env::args().nth(2).as_deref() {
                Some("rust") => println!("{}", weir_sql::generate(&p.circuit)),
                Some("plan") => print!("{}", weir_sql::explain(&source, weir_sql::Passes::ALL).unwrap_or_default()),
                Some("dot") => print!("{}", p.circuit.dot()),
                _ => println!("{}", p.circuit),
            }
            if let Err(e) = p.circuit.check() {
                println!("{e}");
            }
        }
        Err(d) => print!("{}", weir_sql::render(&source, &file, &d)),
    }
}
