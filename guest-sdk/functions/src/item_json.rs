//! Items as JSON text (`functions.md` section 10, TO_JSON): no blanks, keys in order, dates and the like as strings.

use crate::text_forms as forms;
use std::fmt::Write;
use weir_row::{Item, View, item};

/// An item as JSON. Keys of maps that are not texts are written as their text.
pub fn json(of: Item<'_>) -> String {
    let mut out = String::new();
    write(of, &mut out, item::DEPTH_MAX);
    out
}

/// Appends an item as JSON. Containers in more than `depth` others are written as `null`: readers make nothing that deep.
fn write(of: Item<'_>, out: &mut String, depth: usize) {
    let view = of.view();
    if depth == 0 && matches!(view, View::Array(_) | View::Map(_) | View::Row(_)) {
        return out.push_str("null");
    }
    let depth = depth.saturating_sub(1);
    match view {
        View::Array(items) | View::Row(items) => {
            out.push('[');
            for (i, item) in items.enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out, depth);
            }
            out.push(']');
        }
        View::Map(mut items) => {
            out.push('{');
            let mut first = true;
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                string(&text(key).unwrap_or_default(), out);
                out.push(':');
                write(value, out, depth);
            }
            out.push('}');
        }
        View::Null | View::VariantNull => out.push_str("null"),
        View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        // JSON has neither.
        View::F32(x) if !x.is_finite() => out.push_str("null"),
        View::F64(x) if !x.is_finite() => out.push_str("null"),
        view => {
            let quoted = !matches!(
                view,
                View::I8(_)
                    | View::I16(_)
                    | View::I32(_)
                    | View::I64(_)
                    | View::U8(_)
                    | View::U16(_)
                    | View::U32(_)
                    | View::U64(_)
                    | View::F32(_)
                    | View::F64(_)
                    | View::Dec(..)
            );
            let text = text(of).unwrap_or_default();
            if quoted { string(&text, out) } else { out.push_str(&text) }
        }
    }
}

/// A scalar as SQL text (`functions.md` section 1), with booleans in lower case; `None` of a container or NULL.
pub fn text(of: Item<'_>) -> Option<String> {
    Some(match of.view() {
        View::Null | View::VariantNull | View::Array(_) | View::Map(_) | View::Row(_) => return None,
        View::Bool(b) => b.to_string(),
        View::I8(x) => x.to_string(),
        View::I16(x) => x.to_string(),
        View::I32(x) => x.to_string(),
        View::I64(x) => x.to_string(),
        View::U8(x) => x.to_string(),
        View::U16(x) => x.to_string(),
        View::U32(x) => x.to_string(),
        View::U64(x) => x.to_string(),
        View::F32(x) => forms::real(x),
        View::F64(x) => forms::double(x),
        View::Dec(units, scale) => forms::decimal(units, i32::from(scale)),
        View::Text(s) => s.into_owned(),
        View::Date(x) => forms::date(x),
        View::Time(x) => forms::time(x),
        View::Ts(x) => forms::timestamp(x),
        View::Tz(x) => forms::instant(x),
        View::Micros(x) => x.to_string(),
        View::Months(x) => x.to_string(),
        View::Bytes(b) => forms::hex(&b),
        View::Uuid(u) => forms::uuid(u),
    })
}

/// A JSON string.
fn string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
