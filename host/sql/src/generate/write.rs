//! Writing rows: fixed slots in order, then escapes, then texts.

use super::code::Body;
use weir_circuit::{Expr, ExprOp};
use weir_row::{Field, Kind, Layout, Place};

/// The parts of a row that come after its slots.
#[derive(Default)]
struct Tail {
    escapes: Vec<String>,
    texts: Vec<String>,
}

impl Body<'_, '_> {
    /// Drops the row unless the filter is TRUE. Each conjunct decodes what it needs, so that a row that fails early costs little.
    pub(super) fn filter(&mut self, filter: Option<&Expr>, otherwise: &str) {
        let Some(filter) = filter else { return };
        let one = std::slice::from_ref(filter);
        let conjuncts = match &filter.op {
            ExprOp::And(operands) => operands.as_slice(),
            _ => one,
        };
        for conjunct in conjuncts {
            self.decode_columns(conjunct);
            let truth = self.truth(conjunct);
            let line = match truth.strip_prefix('!') {
                Some(opposite) => format!("if {} {{ {otherwise} }}", unwrapped(opposite)),
                None => format!("if !{truth} {{ {otherwise} }}"),
            };
            self.line(&line);
        }
    }

    /// Appends the words of expressions as a row of their layout.
    pub(super) fn write(&mut self, exprs: &[Expr], numbered_from: usize) {
        let types: Vec<_> = exprs.iter().map(|e| e.ty.clone()).collect();
        let layout = Layout::new(&types);
        let mut slots: Vec<String> = vec![];
        let mut tail = Tail::default();
        for (i, (e, to)) in exprs.iter().zip(&layout.fields).enumerate() {
            match e.op {
                ExprOp::Column(c) if self.copy(c, to, &mut slots, &mut tail) => {}
                _ => self.computed(e, to, numbered_from + i, &mut slots, &mut tail),
            }
        }
        if !slots.is_empty() {
            let line = format!("out.put([{}]);", slots.join(", "));
            self.line(&line);
        }
        for line in tail.escapes.into_iter().chain(tail.texts) {
            self.line(&line);
        }
    }

    /// A column that is passed on as words, if it can be.
    fn copy(&mut self, column: usize, to: &Field, slots: &mut Vec<String>, tail: &mut Tail) -> bool {
        let from = self.input.field(column);
        if self.finals.contains_key(&column) || from.kind != to.kind || from.words != to.words {
            return false;
        }
        self.prepare(column);
        let area = self.input.area(column);
        let (var, shape) = (area.var.clone(), area.shape.clone());
        match (from.place, to.place) {
            (Place::Text(t), Place::Text(_)) => tail.texts.push(format!("out.copy_text({var}, {var}_t{t});")),
            (Place::Wide(s), Place::Wide(_)) => {
                slots.push(format!("{var}[{s}]"));
                tail.escapes.push(format!("out.copy_escape(&{shape}, {var}, {s});"));
            }
            (Place::Slot(s), Place::Wide(_)) => {
                slots.push(format!("enc::slot({var}[{s}])"));
                tail.escapes.push(format!("out.escape_u64(Some({var}[{s}]));"));
            }
            (Place::Wide(s), Place::Slot(_)) => slots.push(format!("cx.not_null({shape}.wide({var}, {s}), 0, 0)")),
            (Place::Slot(s), Place::Slot(_)) => {
                for word in 0..from.words {
                    slots.push(format!("{var}[{}]", s + word));
                }
            }
            _ => return false,
        }
        true
    }

    fn computed(&mut self, e: &Expr, to: &Field, number: usize, slots: &mut Vec<String>, tail: &mut Tail) {
        self.decode_columns(e);
        let value = self.value(e);
        let null = if to.nullable { "_null" } else { "" };
        let kind = to.kind.name();
        // Words are written after all values are there, so that errors come in order.
        let v = if is_variable(&value) {
            value
        } else {
            self.line(&format!("let v{number} = {value};"));
            format!("v{number}")
        };
        if to.kind.is_variable() {
            tail.texts.push(format!("out.put_{kind}{null}({v});"));
            return;
        }
        if to.words == 2 {
            self.line(&format!("let w{number} = enc::dec2{null}({v});"));
            slots.push(format!("w{number}[0]"));
            slots.push(format!("w{number}[1]"));
            return;
        }
        slots.push(format!("enc::{kind}{null}({v})"));
        if to.escapes() {
            let escape = if to.kind == Kind::U64 { "escape_u64" } else { "escape_i64" };
            tail.escapes.push(format!("out.{escape}({v});"));
        }
    }
}

/// Whether it is the name of a decoded column.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('c').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// Without one pair of parentheses around all of it.
fn unwrapped(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return text };
    let mut depth = 0i32;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            // Characters in strings may be anything; such text keeps its parentheses.
            '"' => return text,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inner
}
