//! The component's way to its circuit: the host calls `load` before anything else.

use crate::Program;
use std::cell::RefCell;

#[allow(missing_docs, clippy::undocumented_unsafe_blocks, reason = "generated from the world, which is documented")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "interpreter" });
}

thread_local! {
    /// The circuit, once it was loaded. (A component has one thread.)
    static CIRCUIT: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The program that `load` made of it, for the first who asks.
    static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
}

/// The component's further export.
struct Component;

impl bindings::exports::weir::pipeline::engine::Guest for Component {
    fn load(circuit: Vec<u8>) -> Result<(), String> {
        let text = String::from_utf8(circuit).map_err(|e| e.to_string())?;
        let program = Program::new(&text)?;
        CIRCUIT.set(Some(text));
        PROGRAM.set(Some(program));
        Ok(())
    }
}

bindings::export!(Component with_types_in bindings);

/// The program of the component, which the SDK asks for by this name.
#[unsafe(no_mangle)]
fn weir_program_new() -> Box<dyn weir_sdk::Circuit> {
    let program = PROGRAM.take().map_or_else(
        || {
            CIRCUIT.with_borrow(|text| {
                text.as_deref().map_or_else(|| Err("no circuit was loaded".to_owned()), Program::new)
            })
        },
        Ok,
    );
    match program {
        Ok(program) => Box::new(program),
        Err(problem) => panic!("{problem}"),
    }
}
