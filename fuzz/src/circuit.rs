//! The engine's reader of circuits.

/// The JSON of a circuit: the engine takes or refuses it.
pub fn circuit(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = weir_engine::Program::new(text);
    }
}
