//! What SQL calls a kernel: the entries of the language's functions. An entry stands below the kernels that it is made of, in the same
//! file, with its names, its forms of arguments, its documentation and its examples, which are run as tests. Nothing of it is built
//! into components.
//!
//! A function that is more than a strict call of a kernel has its entry beside its rule, in `weir-sql`.

/// The pages of the language's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Family {
    Aggregates,
    Operators,
    Boolean,
    Comparisons,
    Casts,
    Integer,
    Decimal,
    Float,
    String,
    Binary,
    Datetime,
    Array,
    Map,
    Json,
    Table,
    Grammar,
    Types,
}

impl Family {
    /// All, in the index's order.
    pub const ALL: [Family; 17] = [
        Family::Aggregates,
        Family::Operators,
        Family::Boolean,
        Family::Comparisons,
        Family::Casts,
        Family::Integer,
        Family::Decimal,
        Family::Float,
        Family::String,
        Family::Binary,
        Family::Datetime,
        Family::Array,
        Family::Map,
        Family::Json,
        Family::Table,
        Family::Grammar,
        Family::Types,
    ];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Family::Aggregates => "aggregates",
            Family::Operators => "operators",
            Family::Boolean => "boolean",
            Family::Comparisons => "comparisons",
            Family::Casts => "casts",
            Family::Integer => "integer",
            Family::Decimal => "decimal",
            Family::Float => "float",
            Family::String => "string",
            Family::Binary => "binary",
            Family::Datetime => "datetime",
            Family::Array => "array",
            Family::Map => "map",
            Family::Json => "json",
            Family::Table => "table",
            Family::Grammar => "grammar",
            Family::Types => "types",
        }
    }
}

/// A class of arguments: what is taken as it is, and what is converted. (What each class takes is `weir-sql`'s to say, in
/// `functions/param.rs`; a new class is a variant here and a row there.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// CHAR or VARCHAR; nothing is converted.
    Text,
    /// BOOLEAN; nothing is converted.
    Boolean,
    /// INTEGER; other integers and strings are converted.
    Int,
    /// BIGINT; other integers and strings are converted.
    BigInt,
    /// DOUBLE; any number and strings are converted.
    Double,
    /// REAL or DOUBLE, as it is.
    Float,
    /// DATE; strings are converted.
    Date,
    /// TIME; strings are converted.
    Time,
    /// TIMESTAMP; dates and strings are converted.
    Timestamp,
    /// BINARY or VARBINARY; nothing is converted.
    Binary,
}

/// What a form gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Out {
    Boolean,
    Int,
    BigInt,
    Double,
    Text,
    Date,
    Time,
    Timestamp,
    Binary,
    /// The type of the first argument, after its conversion.
    First,
}

/// Arguments that a function takes, and the kernel that it then is. The call is strict: NULL if an argument is, and else if the kernel
/// says so.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What it takes.
    pub params: &'static [Param],
    /// What it gives.
    pub out: Out,
    /// The kernel's name; `{}` stands for the kind of the first argument.
    pub kernel: &'static str,
}

/// A form of arguments.
pub const fn form(params: &'static [Param], out: Out, kernel: &'static str) -> Form {
    Form { params, out, kernel }
}

/// How a function is written.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A call with one of these forms of arguments.
    Forms(&'static [Form]),
    /// Something with a rule of its own; how it is written, and what type it has.
    Written(&'static [&'static str]),
}

/// A function, an operator or another word of the language.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Where the index has it.
    pub families: &'static [Family],
    /// Its names, in lower case; the first is the usual one, the others mean the same.
    pub names: &'static [&'static str],
    /// How it is written.
    pub shape: Shape,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Expressions, and their values as CAST to VARCHAR writes them; `NULL` is NULL.
    pub gives: &'static [(&'static str, &'static str)],
    /// Expressions that stop the pipeline, and a part of the message.
    pub fails: &'static [(&'static str, &'static str)],
    /// Expressions that are refused when the program is compiled, and a part of the message.
    pub refuses: &'static [(&'static str, &'static str)],
}

impl Function {
    /// A function that is a strict call of a kernel.
    pub const fn new(
        families: &'static [Family],
        names: &'static [&'static str],
        forms: &'static [Form],
        doc: &'static str,
    ) -> Function {
        Function { families, names, shape: Shape::Forms(forms), doc, gives: &[], fails: &[], refuses: &[] }
    }

    /// Something with a rule of its own.
    pub const fn written(
        families: &'static [Family],
        names: &'static [&'static str],
        forms: &'static [&'static str],
        doc: &'static str,
    ) -> Function {
        Function { families, names, shape: Shape::Written(forms), doc, gives: &[], fails: &[], refuses: &[] }
    }

    /// Examples with values.
    pub const fn gives(self, examples: &'static [(&'static str, &'static str)]) -> Function {
        Function { gives: examples, ..self }
    }

    /// Examples that stop the pipeline.
    pub const fn fails(self, examples: &'static [(&'static str, &'static str)]) -> Function {
        Function { fails: examples, ..self }
    }

    /// Examples that do not compile.
    pub const fn refuses(self, examples: &'static [(&'static str, &'static str)]) -> Function {
        Function { refuses: examples, ..self }
    }
}

/// All entries that stand below kernels.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    [
        crate::binary::FUNCTIONS,
        crate::datetime::FUNCTIONS,
        crate::float::FUNCTIONS,
        crate::format::FUNCTIONS,
        crate::hash::FUNCTIONS,
        crate::maths::FUNCTIONS,
        crate::regex::FUNCTIONS,
        crate::text::FUNCTIONS,
        crate::text_like::FUNCTIONS,
        crate::text_slice::FUNCTIONS,
        crate::zone::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}
