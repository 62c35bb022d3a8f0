//! Expressions as Rust.

use super::Generator;
use super::area::Input;
use super::kernels;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use weir_circuit::{Expr, ExprOp, LAMBDA_PARAMETERS};
use weir_functions::Lambda;
use weir_row::{Field, Kind, Layout, Place, SqlType, Value};

/// Rust of an expression: its value, an `Option` if it may be NULL. It is an operand: it needs no parentheses.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) text: String,
    pub(super) nullable: bool,
}

impl Code {
    fn plain(text: impl Into<String>) -> Code {
        Code { text: text.into(), nullable: false }
    }

    fn option(text: impl Into<String>) -> Code {
        Code { text: text.into(), nullable: true }
    }

    /// The value as one that may be NULL, or must not be.
    pub(super) fn fit(self, nullable: bool, at: (u32, u32)) -> String {
        match (self.nullable, nullable) {
            (false, true) => format!("Some({})", self.text),
            (true, false) => format!("cx.not_null({}, {}, {})", self.text, at.0, at.1),
            _ => self.text,
        }
    }
}

/// The body of a row function so far.
pub(super) struct Body<'a, 'c> {
    pub(super) generator: &'a mut Generator<'c>,
    pub(super) input: Input,
    pub(super) out: String,
    pub(super) indent: &'static str,
    /// Columns that are computed, not read: finished accumulators.
    pub(super) finals: BTreeMap<usize, String>,
    /// Columns with a variable.
    decoded: BTreeSet<usize>,
}

fn place(e: &Expr) -> (u32, u32) {
    (e.at.line, e.at.column)
}

/// The call that writes a value to the items `to`.
fn item_of(e: &Expr, nullable: bool, to: &str, value: &str) -> String {
    let null = if nullable { "_null" } else { "" };
    let scale = if let SqlType::Decimal { scale, .. } = e.ty.sql { format!(", {scale}") } else { String::new() };
    let writer = match e.ty.sql.kind() {
        Some(Kind::Bytes) => "binary",
        Some(kind) => kind.name(),
        // A bare NULL.
        None => "item",
    };
    format!("{to}.{writer}{null}({value}{scale})")
}

impl<'a, 'c> Body<'a, 'c> {
    pub(super) fn new(generator: &'a mut Generator<'c>, input: Input, indent: &'static str) -> Body<'a, 'c> {
        Body { generator, input, out: String::new(), indent, finals: BTreeMap::new(), decoded: BTreeSet::new() }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", self.indent);
    }

    /// Makes ready a column's words.
    pub(super) fn prepare(&mut self, column: usize) {
        if self.finals.contains_key(&column) {
            return;
        }
        self.input.prepare(column, self.indent, &mut self.out);
    }

    /// Gives a variable to every column that an expression decodes.
    pub(super) fn decode_columns(&mut self, e: &Expr) {
        let mut wanted = BTreeSet::new();
        values_read(e, &self.finals, &mut wanted);
        for column in wanted {
            if self.decoded.insert(column) {
                let decoded = self.decode(column);
                let line = format!("let c{column} = {decoded};");
                self.line(&line);
            }
        }
        // Columns that are only asked whether they are NULL.
        let mut all = BTreeSet::new();
        e.visit_columns(&mut |c| {
            all.insert(c);
        });
        for column in all {
            self.prepare(column);
        }
    }

    /// The value of a column.
    fn decode(&mut self, column: usize) -> String {
        if let Some(computed) = self.finals.get(&column) {
            return computed.clone();
        }
        self.prepare(column);
        let field = self.input.field(column);
        let area = self.input.area(column);
        let (var, kind) = (&area.var, field.kind.name());
        let null = if field.nullable { "_null" } else { "" };
        match field.place {
            Place::Slot(s) if field.words == 2 => format!("dec::dec2{null}({var}[{s}], {var}[{}])", s + 1),
            Place::Slot(s) => format!("dec::{kind}{null}({var}[{s}])"),
            Place::Wide(s) => format!("{}.{kind}_null({var}, {s})", area.shape),
            Place::Text(t) => format!("cx.{kind}{null}({var}, {var}_t{t})"),
        }
    }

    /// Whether a text column is equal to a constant, or not, by its words: no text's words are a prefix of another's.
    fn text_test(&self, column: usize, words: &[u64], equal: bool) -> String {
        let var = &self.input.area(column).var;
        let Place::Text(t) = self.input.field(column).place else { return "false".to_string() };
        let words: Vec<String> = words.iter().map(|w| format!("{w:#x}")).collect();
        let sign = if equal { "" } else { "!" };
        format!("{sign}{var}[{var}_t{t}..].starts_with(&[{}])", words.join(", "))
    }

    /// Whether a nullable column is NULL, from its words.
    fn column_is_null(&self, column: usize) -> String {
        let field: Field = self.input.field(column);
        let var = &self.input.area(column).var;
        match field.place {
            Place::Slot(s) if field.words == 2 => format!("({var}[{s}] == 0 && {var}[{}] == 0)", s + 1),
            Place::Slot(s) | Place::Wide(s) => format!("({var}[{s}] == 0)"),
            Place::Text(t) => format!("({var}[{var}_t{t}] == 0)"),
        }
    }

    /// An expression at its type's nullability. Its columns are decoded.
    pub(super) fn value(&mut self, e: &Expr) -> String {
        self.code(e).fit(e.ty.nullable, place(e))
    }

    fn code(&mut self, e: &Expr) -> Code {
        if let Some((column, words, equal)) = text_test(e) {
            let test = self.text_test(column, &words, equal);
            return match self.input.field(column).nullable {
                false => Code::plain(test),
                true => Code::option(format!("(!{}).then(|| {test})", self.column_is_null(column))),
            };
        }
        match &e.op {
            ExprOp::Column(c) => Code { text: format!("c{c}"), nullable: self.input.field(*c).nullable },
            ExprOp::Literal(v) => literal(v, e),
            ExprOp::Call { kernel, args } => self.call(e, kernel, args),
            ExprOp::User { function, args } => self.user_call(e, *function, args),
            ExprOp::And(_) | ExprOp::Or(_) if !e.ty.nullable => Code::plain(self.truth(e)),
            ExprOp::And(operands) => self.connective("and", AND, operands),
            ExprOp::Or(operands) => self.connective("or", OR, operands),
            ExprOp::IsNull(_) | ExprOp::NotDistinct(..) => Code::plain(self.truth(e)),
            ExprOp::Case { branches, otherwise } => {
                let mut text = String::from("(");
                for (condition, value) in branches {
                    let _ = write!(text, "if {} {{ {} }} else ", self.truth(condition), self.fitted(value, e));
                }
                let _ = write!(text, "{{ {} }})", self.fitted(otherwise, e));
                Code { text, nullable: e.ty.nullable }
            }
            ExprOp::Coalesce(operands) => {
                let (last, first) = match operands.split_last() {
                    Some(split) => split,
                    None => return Code::option("None"),
                };
                let mut rest = self.fitted(last, e);
                for operand in first.iter().rev() {
                    let code = self.code(operand);
                    let found = if e.ty.nullable { "Some(x0)" } else { "x0" };
                    rest = match code.nullable {
                        true => format!("(match {} {{ Some(x0) => {found}, None => {rest} }})", code.text),
                        false => code.fit(e.ty.nullable, place(operand)),
                    };
                }
                Code { text: rest, nullable: e.ty.nullable }
            }
            ExprOp::Sequence(operands) => self.sequence(e, operands),
            ExprOp::Lambda { function, over, body } => self.lambda(function, over, body),
        }
    }

    /// The statement that writes an expression's value to the items `to`.
    pub(super) fn element(&mut self, e: &Expr, to: &str) -> String {
        self.decode_columns(e);
        let code = self.code(e);
        item_of(e, code.nullable, to, &code.text)
    }

    /// The values of operands, NULLs included, as an array or a row.
    fn sequence(&mut self, e: &Expr, operands: &[Expr]) -> Code {
        let begin = if matches!(e.ty.sql, SqlType::Row(_)) { "begin_row" } else { "begin_array" };
        let mut text = format!("{{ let mut s = ItemWriter::new(); s.{begin}();");
        for operand in operands {
            let code = self.code(operand);
            let _ = write!(text, " let v = {}; {};", code.text, item_of(operand, code.nullable, "s", "v"));
        }
        text.push_str(" s.end(); f::item_in(cx.arena(), s) }");
        Code::plain(text)
    }

    /// A call of a function that takes a lambda. The closure's parameters are named as columns 0 and 1, which the body reads.
    fn lambda(&mut self, function: &str, over: &Expr, body: &Expr) -> Code {
        let over = self.code(over);
        let layout = Layout::new(&LAMBDA_PARAMETERS);
        let finals = (0..layout.len()).map(|c| (c, format!("c{c}"))).collect();
        let outer = (std::mem::take(&mut self.input), std::mem::replace(&mut self.finals, finals));
        self.input = Input::parameters(layout);
        let body = self.code(body).fit(true, (0, 0));
        (self.input, self.finals) = outer;
        let function = Lambda::find(function).map_or("Transform", Lambda::variant);
        let call = |over: &str| {
            format!(
                "f::Lambda::{function}.run(cx.arena(), {over}, |c0: Option<Item<'_>>, c1: Option<Item<'_>>| {body})"
            )
        };
        Code::option(match over.nullable {
            true => format!("{}.and_then(|x0| {})", over.text, call("x0")),
            false => call(&over.text),
        })
    }

    /// A branch at the nullability of the whole.
    fn fitted(&mut self, e: &Expr, whole: &Expr) -> String {
        self.code(e).fit(whole.ty.nullable, place(e))
    }

    fn call(&mut self, e: &Expr, kernel: &str, args: &[Expr]) -> Code {
        let codes: Vec<Code> = args.iter().map(|a| self.code(a)).collect();
        let own = kernels::is_nullable(kernel);
        let (scrutinees, inner) = strict(&codes);
        let call = kernels::call(kernel, &inner, place(e));
        if scrutinees.is_empty() {
            return Code { text: call, nullable: own };
        }
        if let [(var, one)] = scrutinees.as_slice() {
            let method = if own { "and_then" } else { "map" };
            return Code::option(format!("{one}.{method}(|{var}| {call})"));
        }
        let found = if own { call } else { format!("Some({call})") };
        let (subject, pattern) = patterns(&scrutinees);
        Code::option(format!("(match {subject} {{ {pattern} => {found}, _ => None }})"))
    }

    /// A call of a function that the author wrote in Rust, which is told of NULLs.
    fn user_call(&mut self, e: &Expr, function: usize, args: &[Expr]) -> Code {
        let function = &self.generator.circuit.functions[function];
        let mut text = format!("call_{}(cx", function.name);
        for (arg, (_, ty)) in args.iter().zip(&function.params) {
            let _ = write!(text, ", {}", self.code(arg).fit(ty.nullable, place(arg)));
        }
        let (line, column) = place(e);
        let _ = write!(text, ", {line}, {column})");
        Code { text, nullable: function.result.nullable }
    }

    fn connective(&mut self, name: &'static str, helper: &'static str, operands: &[Expr]) -> Code {
        self.generator.helpers.insert(name, helper);
        let codes: Vec<String> = operands.iter().map(|o| self.code(o).fit(true, place(o))).collect();
        let nested = codes.into_iter().rev().reduce(|rest, first| format!("{name}({first}, || {rest})"));
        Code::option(nested.unwrap_or_default())
    }

    /// Whether a condition is TRUE.
    pub(super) fn truth(&mut self, e: &Expr) -> String {
        if let Some((column, words, equal)) = text_test(e) {
            let test = self.text_test(column, &words, equal);
            // NULL is not equal to a text, but not unequal either.
            return match self.input.field(column).nullable && !equal {
                true => format!("(!{} && {test})", self.column_is_null(column)),
                false => test,
            };
        }
        match &e.op {
            ExprOp::And(operands) => {
                let all: Vec<String> = operands.iter().map(|o| self.truth(o)).collect();
                format!("({})", all.join(" && "))
            }
            ExprOp::Or(operands) => {
                let any: Vec<String> = operands.iter().map(|o| self.truth(o)).collect();
                format!("({})", any.join(" || "))
            }
            ExprOp::IsNull(operand) => match operand.op {
                ExprOp::Column(c) if self.input.field(c).nullable && !self.finals.contains_key(&c) => {
                    self.column_is_null(c)
                }
                _ => {
                    let code = self.code(operand);
                    if code.nullable { format!("{}.is_none()", code.text) } else { "false".to_string() }
                }
            },
            ExprOp::NotDistinct(a, b) => {
                let kind = a.ty.sql.kind().unwrap_or(Kind::Bool);
                let (a, b) = (self.code(a), self.code(b));
                let nullable = a.nullable || b.nullable;
                let (a, b) = (a.fit(nullable, (0, 0)), b.fit(nullable, (0, 0)));
                match kind {
                    // Floats are equal when their canonical words are.
                    Kind::F32 | Kind::F64 => {
                        let enc = format!("enc::{}{}", kind.name(), if nullable { "_null" } else { "" });
                        format!("({enc}({a}) == {enc}({b}))")
                    }
                    _ => format!("({a} == {b})"),
                }
            }
            ExprOp::Call { kernel, args } if kernel == "not_bool" => match &args[0].op {
                ExprOp::IsNull(_) => format!("!{}", self.truth(&args[0])),
                _ => {
                    let code = self.code(&args[0]);
                    if code.nullable { format!("({} == Some(false))", code.text) } else { format!("!{}", code.text) }
                }
            },
            ExprOp::Call { kernel, args } if !kernels::is_nullable(kernel) => {
                let codes: Vec<Code> = args.iter().map(|a| self.code(a)).collect();
                let (scrutinees, inner) = strict(&codes);
                let call = kernels::call(kernel, &inner, place(e));
                match scrutinees.as_slice() {
                    [] => call,
                    [(_, one)] => format!("{one}.is_some_and(|{}| {call})", scrutinees[0].0),
                    _ => {
                        let (subject, pattern) = patterns(&scrutinees);
                        format!("(match {subject} {{ {pattern} => {call}, _ => false }})")
                    }
                }
            }
            _ => {
                let code = self.code(e);
                if code.nullable { format!("({} == Some(true))", code.text) } else { code.text }
            }
        }
    }
}

/// A comparison of a text column with a constant: the column, the constant's words, and whether they shall be equal.
fn text_test(e: &Expr) -> Option<(usize, Vec<u64>, bool)> {
    let ExprOp::Call { kernel, args } = &e.op else { return None };
    let equal = match kernel.as_str() {
        "eq_text" => true,
        "ne_text" => false,
        _ => return None,
    };
    let (column, constant) = match (&args[0].op, &args[1].op) {
        (ExprOp::Column(c), ExprOp::Literal(Value::Text(s))) | (ExprOp::Literal(Value::Text(s)), ExprOp::Column(c)) => {
            (*c, s)
        }
        _ => return None,
    };
    let mut words = vec![];
    weir_row::text::write(constant, &mut words);
    Some((column, words, equal))
}

/// The arguments that may be NULL, each with the variable that holds its value, and all arguments as the kernel takes them.
fn strict(codes: &[Code]) -> (Vec<(String, String)>, Vec<String>) {
    let mut scrutinees = vec![];
    let mut inner = vec![];
    for code in codes {
        if code.nullable {
            let var = format!("x{}", scrutinees.len());
            inner.push(var.clone());
            scrutinees.push((var, code.text.clone()));
        } else {
            inner.push(code.text.clone());
        }
    }
    (scrutinees, inner)
}

/// The subject of a `match` over several values, and the pattern in which all are there.
fn patterns(scrutinees: &[(String, String)]) -> (String, String) {
    let values: Vec<&str> = scrutinees.iter().map(|(_, text)| text.as_str()).collect();
    let vars: Vec<String> = scrutinees.iter().map(|(var, _)| format!("Some({var})")).collect();
    match scrutinees.len() {
        1 => (values[0].to_string(), vars[0].clone()),
        _ => (format!("({})", values.join(", ")), format!("({})", vars.join(", "))),
    }
}

/// The columns whose values are needed: not those that are only asked whether they are NULL.
fn values_read(e: &Expr, finals: &BTreeMap<usize, String>, out: &mut BTreeSet<usize>) {
    if text_test(e).is_some() {
        return;
    }
    match &e.op {
        ExprOp::Column(c) => {
            out.insert(*c);
        }
        ExprOp::IsNull(operand) if matches!(operand.op, ExprOp::Column(c) if !finals.contains_key(&c)) => {}
        _ => e.children().into_iter().for_each(|c| values_read(c, finals, out)),
    }
}

fn literal(value: &Value, e: &Expr) -> Code {
    let rust = e.ty.sql.kind().map_or("bool", Kind::rust);
    let bytes = |bytes: &[u8]| format!("b\"{}\"", bytes.escape_ascii());
    let float = |x: f64, ty: &str| match x {
        x if x.is_nan() => format!("{ty}::NAN"),
        x if x.is_infinite() => format!("{ty}::{}INFINITY", if x < 0.0 { "NEG_" } else { "" }),
        _ => String::new(),
    };
    let number = |digits: String| {
        if digits.starts_with('-') { format!("({digits}_{rust})") } else { format!("{digits}_{rust}") }
    };
    Code::plain(match value {
        Value::Null => return Code::option(format!("None::<{rust}>")),
        Value::Bool(b) => b.to_string(),
        Value::Text(s) => format!("{s:?}"),
        Value::F32(x) if !x.is_finite() => float(f64::from(*x), "f32"),
        Value::F64(x) if !x.is_finite() => float(*x, "f64"),
        Value::F32(x) => number(format!("{x:?}")),
        Value::F64(x) => number(format!("{x:?}")),
        Value::I8(x) => number(x.to_string()),
        Value::I16(x) => number(x.to_string()),
        Value::I32(x) | Value::Date(x) | Value::Months(x) => number(x.to_string()),
        Value::I64(x) | Value::Time(x) | Value::Ts(x) | Value::Micros(x) | Value::Tz(x) => number(x.to_string()),
        Value::Uuid(x) => number(x.to_string()),
        Value::Bytes(x) => format!("(&{}[..])", bytes(x)),
        Value::Item(x) => format!("Item::new({})", bytes(x)),
        Value::U8(x) => number(x.to_string()),
        Value::U16(x) => number(x.to_string()),
        Value::U32(x) => number(x.to_string()),
        Value::U64(x) => number(x.to_string()),
        Value::Dec(x) => number(x.to_string()),
    })
}

const AND: &str = "/// Three-valued AND; the second operand is not evaluated if the first is FALSE.
fn and(a: Option<bool>, b: impl FnOnce() -> Option<bool>) -> Option<bool> {
    match a {
        Some(false) => Some(false),
        Some(true) => b(),
        None => b().filter(|b| !b),
    }
}
";

const OR: &str = "/// Three-valued OR; the second operand is not evaluated if the first is TRUE.
fn or(a: Option<bool>, b: impl FnOnce() -> Option<bool>) -> Option<bool> {
    match a {
        Some(true) => Some(true),
        Some(false) => b(),
        None => b().filter(|b| *b),
    }
}
";
