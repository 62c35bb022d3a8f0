//! Prints the reference page of the language: `cargo run -p weir-sql --example sql_reference > docs/sql-reference.md`.

fn main() {
    print!("{}", weir_sql::reference());
}
