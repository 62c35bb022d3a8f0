//! Where the columns of a row function's input are: stretches of words, each with a layout.

use super::Generator;
use std::fmt::Write;
use weir_circuit::{NodeId, Op};
use weir_row::{ColumnType, Field, Layout, Place, SqlType};

/// A stretch of words with a layout, in the variable `var`.
#[derive(Clone, Debug)]
pub(super) struct Area {
    pub(super) var: String,
    pub(super) layout: Layout,
    /// The name of the constant with the layout's shape.
    pub(super) shape: String,
    /// How the variable is made, if it is not there from the beginning.
    defined: Option<String>,
    /// The area that `defined` reads, if that is defined too.
    after: Option<usize>,
    /// Whether the variable is there.
    used: bool,
    /// Texts whose start has been computed.
    texts: usize,
}

/// The input of a row function: areas, and for each column its area and its index there.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    pub(super) areas: Vec<Area>,
    pub(super) columns: Vec<(usize, usize)>,
}

impl Input {
    /// The parameters of a lambda, which are variables, not words.
    pub(super) fn parameters(layout: Layout) -> Input {
        let columns = (0..layout.len()).map(|c| (0, c)).collect();
        let area =
            Area { var: String::new(), layout, shape: String::new(), defined: None, after: None, used: true, texts: 0 };
        Input { areas: vec![area], columns }
    }

    pub(super) fn field(&self, column: usize) -> Field {
        let (area, index) = self.columns[column];
        self.areas[area].layout.fields[index]
    }

    pub(super) fn area(&self, column: usize) -> &Area {
        &self.areas[self.columns[column].0]
    }

    /// Makes the area of a column ready: its variable, and the start of its text. Definitions go to `out`.
    pub(super) fn prepare(&mut self, column: usize, indent: &str, out: &mut String) {
        let (area, index) = self.columns[column];
        self.prepare_area(area, indent, out);
        let a = &mut self.areas[area];
        if let Place::Text(t) = a.layout.fields[index].place {
            while a.texts <= t {
                let at = a.texts;
                let start = if at > 0 {
                    format!("text::skip({}, {}_t{})", a.var, a.var, at - 1)
                } else if a.layout.wide_slots.is_empty() {
                    a.layout.fixed_words.to_string()
                } else {
                    format!("{}.first_text({})", a.shape, a.var)
                };
                let _ = writeln!(out, "{indent}let {}_t{at} = {start};", a.var);
                a.texts += 1;
            }
        }
    }

    fn prepare_area(&mut self, area: usize, indent: &str, out: &mut String) {
        if self.areas[area].used {
            return;
        }
        // One that begins where another ends needs that one.
        if let Some(before) = self.areas[area].after {
            self.prepare_area(before, indent, out);
        }
        let a = &mut self.areas[area];
        a.used = true;
        if let Some(defined) = a.defined.clone() {
            let _ = writeln!(out, "{indent}let {} = {defined};", a.var);
        }
    }
}

impl Generator<'_> {
    /// An area with its shape.
    pub(super) fn area(&mut self, var: &str, layout: Layout, shape: String, defined: Option<String>) -> Area {
        let shape = self.shape(shape, &layout);
        Area { var: var.to_string(), layout, shape, defined, after: None, used: false, texts: 0 }
    }

    /// The columns of a node's rows, which are in the variable `var`; the value's words get a variable of their own unless there is
    /// no key.
    pub(super) fn input_of(&mut self, node: NodeId, var: &str, value_var: &str) -> Input {
        let (key, value) = self.layouts(node);
        let mut input = Input::default();
        if key.is_empty() && matches!(self.circuit.nodes[node].op, Op::Index { ordered: true, .. }) {
            self.columns_in_order(node, &mut input, value_var, format!("&{var}[..]"));
            return input;
        }
        if key.is_empty() {
            let columns = value.len();
            input.areas.push(self.area(var, value, format!("S{node}"), None));
            input.columns = (0..columns).map(|c| (0, c)).collect();
            return input;
        }
        let (keys, values) = (key.len(), value.len());
        let start = if key.is_fixed() { key.fixed_words.to_string() } else { format!("K{node}.end({var})") };
        input.areas.push(self.area(var, key, format!("K{node}"), None));
        if matches!(self.circuit.nodes[node].op, Op::Index { ordered: true, .. }) {
            self.columns_in_order(node, &mut input, value_var, format!("&{var}[{start}..]"));
            return input;
        }
        input.areas.push(self.area(value_var, value, format!("V{node}"), Some(format!("&{var}[{start}..]"))));
        input.columns = (0..keys).map(|c| (0, c)).chain((0..values).map(|c| (1, c))).collect();
        input
    }

    /// The columns of an index in order, and a number behind them.
    pub(super) fn numbered_input(&mut self, node: NodeId, var: &str, value_var: &str) -> Input {
        let mut input = self.input_of(node, var, value_var);
        let layout = Layout::new(&[ColumnType::not_null(SqlType::BigInt)]);
        let mut area = self.area("number", layout, format!("N{node}"), Some(format!("&{var}[{var}.len() - 1..]")));
        area.after = None;
        input.columns.push((input.areas.len(), 0));
        input.areas.push(area);
        input
    }

    /// The columns of an index in order whose first value column is a time, and two such times behind them.
    pub(super) fn session_input(&mut self, node: NodeId, var: &str, value_var: &str) -> Input {
        let mut input = self.input_of(node, var, value_var);
        let layout = Layout::new(&self.circuit.nodes[node].value[..1]);
        for (name, back) in [("start", 2), ("end", 1)] {
            let shape = format!("N{node}_{name}");
            let defined = format!("&{var}[{var}.len() - {back}..]");
            let area = self.area(name, layout.clone(), shape, Some(defined));
            input.columns.push((input.areas.len(), 0));
            input.areas.push(area);
        }
        input
    }

    /// The value columns of an index in order: each is a stretch of its own, which begins where the one before ends.
    fn columns_in_order(&mut self, node: NodeId, input: &mut Input, value_var: &str, mut start: String) {
        let keys = input.areas.first().map_or(0, |key| key.layout.len());
        input.columns = (0..keys).map(|c| (0, c)).collect();
        for (i, ty) in self.circuit.nodes[node].value.iter().enumerate() {
            let layout = Layout::new(std::slice::from_ref(ty));
            let (var, shape) = (format!("{value_var}_{i}"), format!("V{node}_{i}"));
            let end = if layout.is_fixed() { layout.fixed_words.to_string() } else { format!("{shape}.end({var})") };
            let next = format!("&{var}[{end}..]");
            let mut area = self.area(&var, layout, shape, Some(std::mem::replace(&mut start, next)));
            area.after = (i > 0).then(|| input.areas.len() - 1);
            input.columns.push((input.areas.len(), 0));
            input.areas.push(area);
        }
    }
}
