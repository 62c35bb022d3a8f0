//! Functions that the program's author wrote in Rust: between the words of rows and the types of `weir-udf`.

use super::code::Body;
use std::fmt::Write;
use weir_circuit::{Aggregate, Circuit, Expr, ExprOp, UserFunction};
use weir_row::{ColumnType, Kind};

/// What a program with such functions begins with: the author's module, and the declarations.
pub(super) const MODULES: &str = "#[path = \"udf.rs\"]\nmod udf;\n#[path = \"stubs.rs\"]\nmod stubs;\n\n";

/// The representation of a type's values; what they borrow lives as long as the arena.
fn representation(ty: &ColumnType) -> String {
    let plain = match ty.sql.kind() {
        Some(Kind::Text) => "&'a str",
        Some(Kind::Bytes) => "&'a [u8]",
        Some(Kind::Item) => "Item<'a>",
        Some(kind) => kind.rust(),
        None => "bool",
    };
    if ty.nullable { format!("Option<{plain}>") } else { plain.to_owned() }
}

/// The conversion of each parameter, and the list of them as arguments.
fn arguments(function: &UserFunction) -> (String, String, String) {
    let (mut params, mut lines, mut names) = (String::new(), String::new(), vec![]);
    for (i, (_, ty)) in function.params.iter().enumerate() {
        let null = if ty.nullable { "_null" } else { "" };
        let _ = write!(params, ", p{i}: {}", representation(ty));
        let _ = writeln!(lines, "    let p{i} = cx.ok(weir_udf::get{null}(p{i}), line, column);");
        names.push(format!("p{i}"));
    }
    (params, lines, names.join(", "))
}

/// The functions by which the program's rows get to the author's.
pub(super) fn callers(circuit: &Circuit) -> String {
    let mut out = String::new();
    for function in &circuit.functions {
        let UserFunction { name, result, .. } = function;
        let (params, lines, names) = arguments(function);
        let made = representation(result);
        let null = if result.nullable { "_null" } else { "" };
        if function.aggregate {
            let sum = format!("Option<stubs::{name}_accumulator_type>");
            let _ = write!(
                out,
                "\nfn add_{name}<'a>(cx: &'a Context, sum: &mut {sum}{params}, w: i64, line: u32, column: u32) {{\n{lines}    \
                 weir_udf::add(sum, stubs::{name}_map({names}), w);\n}}\n\
                 \nfn post_{name}<'a>(cx: &'a Context, sum: {sum}, line: u32, column: u32) -> {made} {{\n    \
                 let made = sum.and_then(|sum| cx.ok(stubs::{name}_post(sum), line, column));\n    \
                 cx.ok(weir_udf::put_null(made, cx.arena()), line, column)\n}}\n"
            );
        } else {
            let _ = write!(
                out,
                "\nfn call_{name}<'a>(cx: &'a Context{params}, line: u32, column: u32) -> {made} {{\n{lines}    \
                 let made = cx.ok(stubs::{name}({names}), line, column);\n    \
                 cx.ok(weir_udf::put{null}(made, cx.arena()), line, column)\n}}\n"
            );
        }
    }
    out
}

/// The line that adds a row to a linear aggregate of a group.
pub(super) fn add(body: &mut Body<'_, '_>, a: &Aggregate, function: &UserFunction, argument: &Expr, sum: &str) {
    let one = std::slice::from_ref(argument);
    let arguments = if let ExprOp::Sequence(parts) = &argument.op { parts.as_slice() } else { one };
    let (mut values, mut patterns) = (vec![], vec![]);
    for (i, e) in arguments.iter().enumerate() {
        body.decode_columns(e);
        let value = body.value(e);
        values.push(if e.ty.nullable { value } else { format!("Some({value})") });
        patterns.push(format!("Some(x{i})"));
    }
    let given: Vec<String> = (0..arguments.len()).map(|i| format!("x{i}")).collect();
    let (name, line, column) = (&function.name, a.at.line, a.at.column);
    let (values, patterns, given) = (values.join(", "), patterns.join(", "), given.join(", "));
    body.line(&format!(
        "if let ({patterns},) = ({values},) {{ add_{name}(cx, &mut {sum}, {given}, w, {line}, {column}); }}"
    ));
}
