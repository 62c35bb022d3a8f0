//! The SQL front end.

/// A program's text: it compiles to a circuit that is well-formed and that can be printed as Rust, or there are errors with places in the text.
///
/// # Panics
/// If that is not so.
pub fn sql(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else { return };
    match weir_sql::compile(source) {
        Ok(program) => {
            assert_eq!(program.circuit.check(), Ok(()), "{source}");
            weir_sql::generate(&program.circuit);
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            for d in &diagnostics {
                assert!(d.kind != "Internal error", "{d:?}");
                assert!(d.end >= d.start && d.offset + d.length <= source.len(), "{d:?}");
            }
            weir_sql::render(source, "program", &diagnostics);
        }
    }
}
