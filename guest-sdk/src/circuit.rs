//! What a program is to the SDK: operators with state, and a step.

use crate::checkpoint::{Loader, Saver};
use crate::operators::Sink;
use crate::{Batch, Context, Rows, Spine};
use weir_row::{Block, Layout};

/// A program.
pub trait Circuit {
    /// The plan as JSON.
    fn describe(&self) -> &str;
    /// The operators with state, in a fixed order.
    fn operators(&mut self) -> Vec<&mut dyn Operator>;
    /// Works on what the tables took in.
    fn step(&mut self, cx: &mut Context);
}

/// Which relation an operator puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The view of this number.
    View(usize),
    /// The table of this number.
    Table(usize),
}

/// An operator with state: what happens to it around steps.
pub trait Operator {
    /// Its node in the plan.
    fn node(&self) -> u32;

    /// Ends a step: the step's delta becomes part of the trace.
    fn commit(&mut self) {}

    /// Writes its state.
    fn save(&self, to: &mut Saver<'_>);

    /// Reads what `save` wrote.
    ///
    /// # Errors
    /// Why it cannot be the state of this operator.
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String>;

    /// Rows and bytes of its state.
    fn size(&self) -> (usize, usize);

    /// The table that it takes in, if it does.
    fn table(&mut self) -> Option<(usize, &mut dyn Ingest)> {
        None
    }

    /// The relation that it puts out, if it does.
    fn relation(&mut self) -> Option<(Relation, &mut Sink)> {
        None
    }
}

/// An operator that takes in changes of a table.
pub trait Ingest {
    /// Takes in a block, to be worked on by the next step.
    ///
    /// # Errors
    /// Why the block is not one of the table's.
    fn ingest(&mut self, block: Block) -> Result<(), String>;
}

/// A keyed stream: what an operator put out in this step, and, if it keeps one, the sum of all before.
pub trait Keyed {
    /// The key's layout.
    fn key(&self) -> &Layout;
    /// The value's layout.
    fn value(&self) -> &Layout;
    /// This step's delta.
    fn delta(&self) -> &Batch;
    /// The sum of the deltas before this step.
    fn trace(&self) -> Option<&Spine>;

    /// This step's delta as a flat stream.
    fn delta_rows(&self) -> &Rows {
        self.delta().rows()
    }
}

/// The trace of an input that must have one.
///
/// # Panics
/// If it has none: a fault of the plan.
pub(crate) fn trace(input: &dyn Keyed) -> &Spine {
    input.trace().unwrap_or_else(|| panic!("an operator needs a trace of an input that keeps none"))
}

/// Makes a program of its plan and its operators with state.
///
/// It defines `struct Program`, `Program::new()`, and the function by which a component finds its program; `Program::step(&mut self,
/// cx: &mut Context)` is to be written beside it.
#[macro_export]
macro_rules! program {
    ($circuit:expr; $($field:ident: $operator:ident = $new:expr;)*) => {
        /// The program's operators with state.
        pub struct Program { $($field: $operator,)* }

        impl Program {
            /// The program at its beginning.
            pub fn new() -> Program {
                Program { $($field: $new,)* }
            }
        }

        impl $crate::Circuit for Program {
            fn describe(&self) -> &'static str {
                $circuit
            }
            fn operators(&mut self) -> ::std::vec::Vec<&mut dyn $crate::Operator> {
                ::std::vec![$(&mut self.$field,)*]
            }
            fn step(&mut self, cx: &mut $crate::Context) {
                Program::step(self, cx);
            }
        }

        #[cfg(target_family = "wasm")]
        #[unsafe(no_mangle)]
        fn weir_program_new() -> ::std::boxed::Box<dyn $crate::Circuit> {
            ::std::boxed::Box::new(Program::new())
        }
    };
}
