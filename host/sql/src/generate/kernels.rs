//! Kernels that are plainer as Rust's own operators.

use weir_functions::find;
use weir_row::Kind;

/// A call of a kernel with atoms as arguments. Whether it yields an `Option` by itself is the registry's to say.
pub(super) fn call(kernel: &str, args: &[String], at: (u32, u32)) -> String {
    if let Some(plain) = plain(kernel, args) {
        return plain;
    }
    let found = find(kernel);
    let arena = if found.is_some_and(|k| k.arena) { "cx.arena(), " } else { "" };
    let call = format!("f::{kernel}({arena}{})", args.join(", "));
    if found.is_some_and(|k| k.fallible) { format!("cx.ok({call}, {}, {})", at.0, at.1) } else { call }
}

/// Whether a kernel yields NULL by itself.
pub(super) fn is_nullable(kernel: &str) -> bool {
    find(kernel).is_some_and(|k| k.nullable)
}

fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|k| k.name() == name)
}

fn plain(kernel: &str, args: &[String]) -> Option<String> {
    if kernel == "not_bool" {
        return Some(format!("!{}", args[0]));
    }
    let (operation, of) = kernel.split_once('_')?;
    let operator = match operation {
        "eq" => "==",
        "ne" => "!=",
        "lt" => "<",
        "le" => "<=",
        "gt" => ">",
        "ge" => ">=",
        "cast" => {
            let (from, to) = of.split_once("_to_")?;
            let widening = matches!(
                (kind(from)?, kind(to)?),
                (Kind::I8, Kind::I16 | Kind::I32 | Kind::I64)
                    | (Kind::I16, Kind::I32 | Kind::I64)
                    | (Kind::I32, Kind::I64 | Kind::F64)
                    | (Kind::U8, Kind::U16 | Kind::U32 | Kind::U64 | Kind::I16 | Kind::I32 | Kind::I64)
                    | (Kind::U16, Kind::U32 | Kind::U64 | Kind::I32 | Kind::I64)
                    | (Kind::U32, Kind::U64 | Kind::I64)
                    | (Kind::F32, Kind::F64)
            );
            return widening.then(|| format!("{}::from({})", kind(to).map_or("i64", Kind::rust), args[0]));
        }
        _ => return None,
    };
    match kind(of)? {
        // Floats have an order of their own.
        Kind::F32 | Kind::F64 => None,
        _ => Some(format!("({} {operator} {})", args[0], args[1])),
    }
}
