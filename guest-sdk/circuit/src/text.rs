//! The circuit as text: one line a node, expressions readable. For snapshots and for people; it is stable, and it leaves
//! out only the places of expressions in the program.
//!
//! Columns are written `#0`, `#1`, ..; constants as SQL writes them; a kernel's call as `kernel(..)`.

use crate::{
    AggregateFunction, AggregatePart, Circuit, Column, Expr, ExprOp, Frame, FrameBound, FrameFunction, Node, Op,
    UserFunction,
};
use std::fmt::{self, Display, Write};
use weir_row::{ColumnType, Value};

impl Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, t) in self.tables.iter().enumerate() {
            write!(f, "table {i} {} ({})", name(&t.name, t.case_sensitive), columns(&t.columns))?;
            if let Some(key) = &t.primary_key {
                write!(f, " primary key {key:?}")?;
            }
            writeln!(f, "{}", if t.materialized { " materialized" } else { "" })?;
        }
        for (i, v) in self.views.iter().enumerate() {
            write!(f, "view {i} {} ({})", name(&v.name, v.case_sensitive), columns(&v.columns))?;
            writeln!(f, "{}", if v.materialized { " materialized" } else { "" })?;
        }
        for (i, function) in self.functions.iter().enumerate() {
            writeln!(f, "function {i} {function}")?;
        }
        for (i, node) in self.nodes.iter().enumerate() {
            writeln!(f, "{i}: {node}")?;
        }
        Ok(())
    }
}

impl Display for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = list(self.params.iter().map(|(name, ty)| format!("{name} {ty}")));
        let aggregate = if self.aggregate { " linear aggregate" } else { "" };
        write!(f, "{}({params}) returns {}{aggregate}", self.name, self.result)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op.name())?;
        details(f, &self.op)?;
        write!(f, " :: ")?;
        if !self.key.is_empty() || matches!(self.op, Op::Index { .. } | Op::Distinct { .. }) {
            write!(f, "({}) -> ", list(&self.key))?;
        }
        write!(f, "({})", list(&self.value))?;
        if !self.note.is_empty() {
            write!(f, " -- {}", self.note)?;
        }
        Ok(())
    }
}

fn details(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match op {
        Op::Table { table } => write!(f, " {table}"),
        Op::Constant { rows } => {
            let rows: Vec<String> = rows.iter().map(|r| format!("({})", list(r.iter().map(Constant)))).collect();
            write!(f, " {}", rows.join(" "))
        }
        Op::Map { input, filter, project } => write!(f, " {input}{}{}", clause(filter), projection(project)),
        Op::Index { input, filter, key, value, exchange, trace, ordered } => {
            write!(f, " {input}{} key [{}] value [{}]", clause(filter), list(key), list(value))?;
            write!(f, "{}{}", if *exchange { " exchange" } else { "" }, if *trace { " trace" } else { "" })?;
            f.write_str(if *ordered { " ordered" } else { "" })
        }
        Op::Join { left, right, filter, project } => {
            write!(f, " {left} {right}{}{}", clause(filter), projection(project))
        }
        Op::SemiJoin { left, right, condition, project, anti: _ } => {
            write!(f, " {left} {right}{}{}", clause(condition), projection(project))
        }
        Op::Distinct { input, .. } | Op::Negate { input } | Op::Unnest { input } => write!(f, " {input}"),
        Op::Aggregate { parts, global, filter, project } => {
            for part in parts {
                write!(f, " {}", Part(part))?;
            }
            write!(f, "{}{}{}", if *global { " global" } else { "" }, clause(filter), projection(project))
        }
        Op::Rank { input, order, ranking, numbered, above, upto, project } => {
            let upto = upto.map_or_else(|| "all".to_owned(), |n| n.to_string());
            let number = if *numbered { " numbered" } else { "" };
            write!(f, " {input} {ranking:?} by {order} above {above} upto {upto}{number}{}", projection(project))
        }
        Op::Window { input, order, sums, frames, project } => {
            let sums: Vec<String> = sums.iter().map(|a| a.function.to_string()).collect();
            write!(f, " {input} by {order} sums [{}]", sums.join(", "))?;
            frames.iter().try_for_each(|frame| write!(f, " {frame}"))?;
            f.write_str(&projection(project))
        }
        Op::Import { input } => write!(f, " {input}"),
        Op::Variable { index } => write!(f, " {index}"),
        Op::Recursion { first, variables, exports, name, at: _ } => {
            write!(f, " {name} from {first} variables [{}] exports [{}]", list(variables), list(exports))
        }
        Op::Export { input, index } => write!(f, " {input} {index}"),
        Op::Union { inputs } | Op::Least { inputs } => write!(f, " {}", list(inputs)),
        Op::Now => Ok(()),
        Op::Within { input, lower, upper, .. } => {
            write!(f, " {input}")?;
            if let Some(edge) = lower {
                write!(f, " {} {}", if edge.inclusive { ">=" } else { ">" }, edge.scalar)?;
            }
            match upper {
                Some(edge) => write!(f, " {} {}", if edge.inclusive { "<=" } else { "<" }, edge.scalar),
                None => Ok(()),
            }
        }
        Op::Session { input, gap, project } => write!(f, " {input} gap {gap}{}", projection(project)),
        Op::Late { input, columns, of_table } => {
            write!(f, " {input}{}", if *of_table { " of the table" } else { "" })?;
            columns.iter().try_for_each(|c| write!(f, " #{} from {}", c.column, c.waterline))
        }
        Op::Dropped { late } => write!(f, " {late}"),
        Op::Waterline { late, column } => write!(f, " {late} of {column}"),
        Op::Retain { state, column, waterline } => write!(f, " {state} #{column} >= {waterline}"),
        Op::Output { input, view } => write!(f, " {input} view {view}"),
    }
}

fn clause(filter: &Option<Expr>) -> String {
    filter.as_ref().map_or_else(String::new, |e| format!(" where {e}"))
}

fn projection(project: &[Expr]) -> String {
    format!(" [{}]", list(project))
}

struct Part<'a>(&'a AggregatePart);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self.0.method {
            crate::AggregateMethod::Linear => "linear",
            crate::AggregateMethod::Extreme => "extreme",
            crate::AggregateMethod::Fold => "fold",
        };
        let functions: Vec<String> = self.0.aggregates.iter().map(|a| a.function.to_string()).collect();
        write!(f, "{method} {} [{}]", self.0.input, functions.join(", "))
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = format!("{:?}", self.unit).to_lowercase();
        write!(f, "({unit} {} to {}: {})", self.start, self.end, list(&self.functions))
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameBound::Unbounded => f.write_str("end"),
            FrameBound::Offset(n) => write!(f, "{n}"),
            FrameBound::Value { of_row, back } => write!(f, "[{}] back [{}]", list(of_row), list(back)),
        }
    }
}

impl Display for FrameFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameFunction::Sum(i) => write!(f, "sum {i}"),
            FrameFunction::Extreme { column, count, greatest } => {
                write!(f, "{} {column}", if *greatest { "max" } else { "min" })?;
                if *count > 1 { write!(f, " and {}", count - 1) } else { Ok(()) }
            }
            FrameFunction::Mode { column } => write!(f, "mode {column}"),
            FrameFunction::Nth { column, nth, last, ignore_nulls } => {
                let from = if *last { " from the last" } else { "" };
                write!(f, "nth {nth}{from} of {column}{}", if *ignore_nulls { " not null" } else { "" })
            }
            FrameFunction::Fold { aggregate, present } => {
                write!(f, "{}", aggregate.function)?;
                present.map_or(Ok(()), |p| write!(f, " where {p} is not null"))
            }
        }
    }
}

impl Display for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AggregateFunction::CountRows => f.write_str("count(*)"),
            AggregateFunction::Count(e) => write!(f, "count({e})"),
            AggregateFunction::Sum(e) => write!(f, "sum({e})"),
            AggregateFunction::Avg(e) => write!(f, "avg({e})"),
            AggregateFunction::Min => f.write_str("min"),
            AggregateFunction::Max => f.write_str("max"),
            AggregateFunction::ArgMin => f.write_str("arg_min"),
            AggregateFunction::ArgMax => f.write_str("arg_max"),
            AggregateFunction::Mode => f.write_str("mode"),
            AggregateFunction::Collect { values, once } => {
                write!(f, "collect {}({})", if *once { "once " } else { "" }, list(values))
            }
            AggregateFunction::BitXor(e) => write!(f, "bit_xor({e})"),
            AggregateFunction::User { function, argument } => write!(f, "function {function}({argument})"),
            AggregateFunction::Reduce { kernel, argument } => write!(f, "reduce {kernel}({argument})"),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            ExprOp::Column(i) => write!(f, "#{i}"),
            ExprOp::Literal(v) => write!(f, "{}", Constant(v)),
            ExprOp::Call { kernel, args } => write!(f, "{kernel}({})", list(args)),
            ExprOp::User { function, args } => write!(f, "function {function}({})", list(args)),
            ExprOp::And(es) => write!(f, "({})", joined(es, " and ")),
            ExprOp::Or(es) => write!(f, "({})", joined(es, " or ")),
            ExprOp::IsNull(e) => write!(f, "({e} is null)"),
            ExprOp::NotDistinct(a, b) => write!(f, "({a} <=> {b})"),
            ExprOp::Case { branches, otherwise } => {
                f.write_str("case")?;
                for (condition, value) in branches {
                    write!(f, " when {condition} then {value}")?;
                }
                write!(f, " else {otherwise} end")
            }
            ExprOp::Coalesce(es) => write!(f, "coalesce({})", list(es)),
            ExprOp::Sequence(es) => write!(f, "[{}]", list(es)),
            ExprOp::Lambda { function, over, body } => write!(f, "{function}({over}, -> {body})"),
        }
    }
}

/// A constant as SQL writes it, more or less: temporal values are their numbers with the kind behind them.
struct Constant<'a>(&'a Value);

impl Display for Constant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::I32(x) => write!(f, "{x}"),
            Value::Text(s) => write!(f, "'{}'", s.replace('\'', "''").escape_debug()),
            Value::F32(x) => write!(f, "{x:?}f32"),
            Value::F64(x) => write!(f, "{x:?}f64"),
            Value::I8(x) => write!(f, "{x}i8"),
            Value::I16(x) => write!(f, "{x}i16"),
            Value::I64(x) => write!(f, "{x}i64"),
            Value::U8(x) => write!(f, "{x}u8"),
            Value::U16(x) => write!(f, "{x}u16"),
            Value::U32(x) => write!(f, "{x}u32"),
            Value::U64(x) => write!(f, "{x}u64"),
            Value::Dec(x) => write!(f, "{x}dec"),
            Value::Date(x) => write!(f, "{x}date"),
            Value::Time(x) => write!(f, "{x}time"),
            Value::Ts(x) => write!(f, "{x}ts"),
            Value::Months(x) => write!(f, "{x}months"),
            Value::Micros(x) => write!(f, "{x}micros"),
            Value::Tz(x) => write!(f, "{x}tz"),
            Value::Uuid(x) => write!(f, "{x:032x}uuid"),
            Value::Bytes(x) => write!(f, "x'{}'", Hex(x)),
            Value::Item(x) => write!(f, "item'{}'", Hex(x)),
        }
    }
}

/// Bytes in hexadecimal.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    joined(items, ", ")
}

fn joined<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut out = String::new();
    for (i, item) in items.into_iter().enumerate() {
        let _ = write!(out, "{}{item}", if i > 0 { separator } else { "" });
    }
    out
}

fn columns(columns: &[Column]) -> String {
    list(columns.iter().map(|c| named(&c.name, c.case_sensitive, &c.ty)))
}

fn named(column: &str, case_sensitive: bool, ty: &ColumnType) -> String {
    format!("{} {ty}", name(column, case_sensitive))
}

fn name(name: &str, case_sensitive: bool) -> String {
    if case_sensitive { format!("\"{}\"", name.escape_debug()) } else { name.to_string() }
}
