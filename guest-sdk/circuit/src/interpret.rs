//! A circuit evaluated from scratch, on the full contents of its tables: slow, plain, and sharing nothing with the operators but the
//! scalar kernels. It is the oracle of tests: the sum of what a pipeline put out must be what this gives.

mod aggregate;
mod recursion;
mod time;
mod window;

use crate::{AggregateFunction, AggregatePart, Circuit, Expr, ExprOp, NodeId, Op, Position, Ranking};
use std::collections::BTreeMap;
use weir_functions::{Arena, Lambda, find};
use weir_row::{Item, ItemWriter, SqlType, Value};

/// Rows with their weights, none of them 0.
pub type ZSet = BTreeMap<Vec<Value>, i64>;

/// A run-time error of the program, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// What went wrong.
    pub message: String,
    /// Where.
    pub at: Position,
}

type Result<T> = std::result::Result<T, RunError>;

fn error(message: impl ToString, at: Position) -> RunError {
    RunError { message: message.to_string(), at }
}

/// The contents of every view, in order, given those of every table (columns in order of declaration).
///
/// # Errors
///
/// The first run-time error. (Which one a pipeline meets first may differ.)
pub fn evaluate(circuit: &Circuit, tables: &[ZSet]) -> Result<Vec<ZSet>> {
    evaluate_at(circuit, tables, 0)
}

/// The same at a time, in microseconds since 1970. As if waterlines lay infinitely far ahead of what was final and behind what came: nothing is
/// late, everything is final.
///
/// # Errors
///
/// As for [`evaluate`].
pub fn evaluate_at(circuit: &Circuit, tables: &[ZSet], now: i64) -> Result<Vec<ZSet>> {
    let views = vec![ZSet::new(); circuit.views.len()];
    let mut run = Run { circuit, tables, now, nodes: vec![], views, variables: vec![] };
    let scopes = circuit.scopes();
    for (id, scope) in scopes.iter().enumerate() {
        // The nodes of a scope are evaluated when its end is met.
        let rows = if scope.is_some() { ZSet::new() } else { run.node(id)? };
        run.nodes.push(rows);
    }
    Ok(run.views)
}

/// The state of an evaluation.
struct Run<'c> {
    circuit: &'c Circuit,
    tables: &'c [ZSet],
    now: i64,
    nodes: Vec<ZSet>,
    views: Vec<ZSet>,
    /// The variables of the scope that is being evaluated.
    variables: Vec<ZSet>,
}

impl Run<'_> {
    /// What a node makes of the nodes before it.
    fn node(&mut self, id: NodeId) -> Result<ZSet> {
        let (circuit, nodes, tables) = (self.circuit, &self.nodes, self.tables);
        Ok(match &circuit.nodes[id].op {
            Op::Table { table } => {
                let declared = &circuit.tables[*table];
                let key = declared.primary_key.clone().unwrap_or_default();
                let order: Vec<usize> = key.into_iter().chain(declared.value_columns()).collect();
                collect(tables[*table].iter().map(|(r, w)| Ok((order.iter().map(|c| r[*c].clone()).collect(), *w))))?
            }
            Op::Constant { rows } => collect(rows.iter().map(|r| Ok((r.clone(), 1))))?,
            Op::Map { input, filter, project } => map(&nodes[*input], filter.as_ref(), &[project])?,
            Op::Index { input, filter, key, value, .. } => map(&nodes[*input], filter.as_ref(), &[key, value])?,
            Op::Join { left, right, filter, project } => {
                let keys = circuit.nodes[*left].key.len();
                let mut pairs = ZSet::new();
                for (row, weight) in matches(&nodes[*left], &nodes[*right], keys) {
                    *pairs.entry(row).or_default() += weight;
                }
                map(&pairs, filter.as_ref(), &[project])?
            }
            Op::SemiJoin { left, right, anti, condition, project } => {
                let keys = circuit.nodes[*left].key.len();
                let rights = groups(&nodes[*right], keys);
                let mut kept = ZSet::new();
                for (row, weight) in &nodes[*left] {
                    let mut found = false;
                    for (right, w) in rights.get(&row[..keys]).into_iter().flatten() {
                        let pair: Vec<Value> = row.iter().chain(&right[keys..]).cloned().collect();
                        found |= *w > 0 && passes(condition.as_ref(), &pair)?;
                    }
                    if found != *anti {
                        kept.insert(row.clone(), *weight);
                    }
                }
                map(&kept, None, &[project])?
            }
            Op::Distinct { input, all } => {
                let there = nodes[*input].iter().filter(|(_, w)| **w > 0);
                collect(there.map(|(r, w)| Ok((r.clone(), if *all { *w } else { 1 }))))?
            }
            Op::Aggregate { parts, global, filter, project } => {
                let keys = circuit.nodes[parts[0].input].key.len();
                let groups = aggregated(nodes, parts, keys, *global)?;
                map(&groups, filter.as_ref(), &[project])?
            }
            Op::Union { inputs } => collect(inputs.iter().flat_map(|i| &nodes[*i]).map(|(r, w)| Ok((r.clone(), *w))))?,
            Op::Rank { input, order, ranking, above, upto, project, .. } => {
                let key = circuit.nodes[*input].key.len();
                let ranked = ranked(&nodes[*input], key, *order, *ranking)?;
                let wanted =
                    |n: &Value| matches!(n, Value::I64(n) if *n as u64 > *above && upto.is_none_or(|u| *n as u64 <= u));
                let kept = ranked.into_iter().filter(|(row, _)| row.last().is_some_and(wanted)).collect();
                map(&kept, None, &[project])?
            }
            Op::Window { input, order, sums, frames, project } => {
                let key = circuit.nodes[*input].key.len();
                let rows = window::results(&nodes[*input], key, *order, sums, frames)?;
                map(&rows, None, &[project])?
            }
            Op::Unnest { input } => unnested(&nodes[*input])?,
            Op::Negate { input } => collect(nodes[*input].iter().map(|(r, w)| Ok((r.clone(), -w))))?,
            Op::Import { input } => nodes[*input].clone(),
            Op::Variable { index } => self.variables[*index].clone(),
            Op::Recursion { .. } => self.recursion(id)?,
            Op::Export { input, index } => match &circuit.nodes[*input].op {
                Op::Recursion { exports, .. } => nodes[exports[*index]].clone(),
                _ => ZSet::new(),
            },
            Op::Now => ZSet::from([(vec![Value::Ts(self.now)], 1)]),
            Op::Within { input, lower, upper, .. } => time::within(nodes, *input, lower.as_ref(), upper.as_ref()),
            Op::Session { input, gap, project } => {
                let rows = time::sessions(&nodes[*input], circuit.nodes[*input].key.len(), *gap)?;
                map(&collect(rows.into_iter().map(Ok))?, None, &[project])?
            }
            Op::Late { input, .. } => nodes[*input].clone(),
            Op::Dropped { .. } | Op::Waterline { .. } | Op::Retain { .. } => ZSet::new(),
            // (One of nothing but scalars without a row has none.)
            Op::Least { inputs } => {
                let all = inputs.iter().map(|i| nodes[*i].keys().next()).collect::<Option<Vec<_>>>();
                all.and_then(|all| all.into_iter().min().cloned()).map(|row| (row, 1)).into_iter().collect()
            }
            Op::Output { input, view } => {
                self.views[*view] = nodes[*input].clone();
                ZSet::new()
            }
        })
    }
}

/// Each row with its number among those of its key.
fn ranked(input: &ZSet, key: usize, order: usize, ranking: Ranking) -> Result<ZSet> {
    let mut out = vec![];
    for rows in groups(input, key).values() {
        let mut all: Vec<&Vec<Value>> = vec![];
        for (row, weight) in rows {
            all.extend((0..*weight).map(|_| *row));
        }
        all.sort();
        let by = |row: &Vec<Value>| row[key..key + order].to_vec();
        let (mut number, mut dense) = (0, 0);
        for (i, row) in all.iter().enumerate() {
            if i == 0 || by(row) != by(all[i - 1]) {
                number = i as i64 + 1;
                dense += 1;
            }
            let number = match ranking {
                Ranking::Row => i as i64 + 1,
                Ranking::Rank => number,
                Ranking::Dense => dense,
            };
            out.push(Ok(([row.as_slice(), &[Value::I64(number)]].concat(), 1)));
        }
    }
    collect(out)
}

/// A row for each element of the last column.
fn unnested(input: &ZSet) -> Result<ZSet> {
    let mut out = vec![];
    for (row, weight) in input {
        let Some((Value::Item(array), others)) = row.split_last() else { continue };
        for (i, element) in Item::new(array).items().enumerate() {
            let element = element.present().map_or(Value::Null, |e| Value::Item(e.bytes().into()));
            out.push(Ok(([others, &[element, Value::I32(i as i32 + 1)]].concat(), *weight)));
        }
    }
    collect(out)
}

/// Adds up rows; those of weight 0 vanish.
fn collect(rows: impl IntoIterator<Item = Result<(Vec<Value>, i64)>>) -> Result<ZSet> {
    let mut out = ZSet::new();
    for row in rows {
        let (row, weight) = row?;
        *out.entry(row).or_default() += weight;
    }
    out.retain(|_, w| *w != 0);
    Ok(out)
}

fn passes(condition: Option<&Expr>, row: &[Value]) -> Result<bool> {
    // As in the operators, conjuncts after one that is not TRUE are not looked at.
    let Some(condition) = condition else { return Ok(true) };
    if let ExprOp::And(operands) = &condition.op {
        for operand in operands {
            if !passes(Some(operand), row)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    Ok(value(condition, row, &Arena::new())? == Value::Bool(true))
}

fn map(input: &ZSet, filter: Option<&Expr>, parts: &[&Vec<Expr>]) -> Result<ZSet> {
    let mut out = vec![];
    for (row, weight) in input {
        if passes(filter, row)? {
            let arena = Arena::new();
            let made: Result<Vec<Value>> = parts.iter().flat_map(|p| p.iter()).map(|e| value(e, row, &arena)).collect();
            out.push(Ok((made?, *weight)));
        }
    }
    collect(out)
}

/// Rows by key.
fn groups(rows: &ZSet, keys: usize) -> BTreeMap<&[Value], Vec<(&Vec<Value>, i64)>> {
    let mut out: BTreeMap<&[Value], Vec<(&Vec<Value>, i64)>> = BTreeMap::new();
    for (row, weight) in rows {
        out.entry(&row[..keys]).or_default().push((row, *weight));
    }
    out
}

/// Pairs of equal keys: key, left value, right value.
fn matches(left: &ZSet, right: &ZSet, keys: usize) -> Vec<(Vec<Value>, i64)> {
    let rights = groups(right, keys);
    let mut out = vec![];
    for (l, w) in left {
        for (r, v) in rights.get(&l[..keys]).into_iter().flatten() {
            out.push((l.iter().chain(&r[keys..]).cloned().collect(), w * v));
        }
    }
    out
}

fn aggregated(nodes: &[ZSet], parts: &[AggregatePart], keys: usize, global: bool) -> Result<ZSet> {
    let grouped: Vec<_> = parts.iter().map(|p| groups(&nodes[p.input], keys)).collect();
    let mut existing: Vec<&[Value]> = vec![];
    for (key, rows) in &grouped[0] {
        if rows.iter().map(|(_, w)| w).sum::<i64>() > 0 {
            existing.push(key);
        }
    }
    if global && existing.is_empty() {
        existing.push(&[]);
    }
    let mut out = vec![];
    for key in existing {
        let mut row = key.to_vec();
        for (part, grouped) in parts.iter().zip(&grouped) {
            let rows: &[_] = grouped.get(key).map_or(&[], Vec::as_slice);
            for a in &part.aggregates {
                row.push(call(&a.function, rows, keys, &a.ty.sql, a.at)?);
            }
        }
        out.push(Ok((row, 1)));
    }
    collect(out)
}

/// An aggregate of a group.
fn call(
    function: &AggregateFunction,
    rows: &[(&Vec<Value>, i64)],
    keys: usize,
    ty: &SqlType,
    at: Position,
) -> Result<Value> {
    let arena = Arena::new();
    let argument = match function {
        AggregateFunction::CountRows => return Ok(Value::I64(rows.iter().map(|(_, w)| w).sum())),
        AggregateFunction::Count(e) | AggregateFunction::Sum(e) | AggregateFunction::Avg(e) => e.clone(),
        AggregateFunction::Min
        | AggregateFunction::Max
        | AggregateFunction::ArgMin
        | AggregateFunction::ArgMax
        | AggregateFunction::Mode => return Ok(aggregate::chosen(function, rows, keys)),
        AggregateFunction::Collect { values, once } => {
            return aggregate::collected(values, *once, rows, &arena, at);
        }
        AggregateFunction::BitXor(e) => return aggregate::bits("bit_xor_", e, rows, &arena, at),
        AggregateFunction::User { .. } => return Err(error(NEEDS_RUST, at)),
        AggregateFunction::Reduce { kernel, argument } => {
            return aggregate::bits(kernel, argument, rows, &arena, at);
        }
    };
    let mut count = 0i64;
    let (mut exact, mut float) = (Some(0i128), 0f64);
    for (row, weight) in rows {
        let v = value(&argument, row, &arena)?;
        if v.is_null() {
            continue;
        }
        count += weight;
        match v {
            Value::F32(x) => float += f64::from(x) * *weight as f64,
            Value::F64(x) => float += x * *weight as f64,
            v => {
                let product = whole(&v).and_then(|x| x.checked_mul(i128::from(*weight)));
                exact = exact.zip(product).and_then(|(a, b)| a.checked_add(b));
            }
        }
    }
    if matches!(function, AggregateFunction::Count(_)) {
        return Ok(Value::I64(count));
    }
    if count == 0 {
        return Ok(Value::Null);
    }
    let mean = matches!(function, AggregateFunction::Avg(_));
    let n = if mean { count } else { 1 };
    match ty {
        SqlType::Real => return Ok(Value::F32((float / n as f64) as f32)),
        SqlType::Double => return Ok(Value::F64(float / n as f64)),
        _ => {}
    }
    let total = exact.ok_or_else(|| error("sum out of range", at))? / i128::from(n);
    let (kernel, args) = match ty {
        SqlType::Decimal { precision, scale } => (
            "check_dec".to_string(),
            vec![Value::Dec(total), Value::I32((*precision).into()), Value::I32((*scale).into())],
        ),
        other => {
            let kind = other.kind().map_or("", |k| k.name());
            (format!("cast_dec_to_{kind}"), vec![Value::Dec(total), Value::I32(0)])
        }
    };
    let kernel = find(&kernel).ok_or_else(|| error(format!("no kernel {kernel}"), at))?;
    (kernel.call)(&arena, &args).map_err(|e| error(e, at))
}

/// What is said of a function that only a compiled program has.
const NEEDS_RUST: &str = "a function that is written in Rust has a value only in a program that runs";

/// A whole number of any width.
fn whole(v: &Value) -> Option<i128> {
    Some(match v {
        Value::I8(x) => i128::from(*x),
        Value::I16(x) => i128::from(*x),
        Value::I32(x) => i128::from(*x),
        Value::I64(x) => i128::from(*x),
        Value::U8(x) => i128::from(*x),
        Value::U16(x) => i128::from(*x),
        Value::U32(x) => i128::from(*x),
        Value::U64(x) => i128::from(*x),
        Value::Dec(x) => *x,
        _ => return None,
    })
}

/// The value of an expression over a row.
///
/// # Errors
///
/// A run-time error of the expression.
pub fn value(e: &Expr, row: &[Value], arena: &Arena) -> Result<Value> {
    Ok(match &e.op {
        ExprOp::Column(c) => row[*c].clone(),
        ExprOp::Literal(v) => v.clone(),
        ExprOp::Call { kernel, args } => {
            let args = args.iter().map(|a| value(a, row, arena)).collect::<Result<Vec<_>>>()?;
            if args.iter().any(Value::is_null) {
                return Ok(Value::Null);
            }
            let kernel = find(kernel).ok_or_else(|| error(format!("no kernel {kernel}"), e.at))?;
            (kernel.call)(arena, &args).map_err(|problem| error(problem, e.at))?
        }
        ExprOp::User { .. } => return Err(error(NEEDS_RUST, e.at)),
        ExprOp::And(operands) => connective(operands, row, arena, false)?,
        ExprOp::Or(operands) => connective(operands, row, arena, true)?,
        ExprOp::IsNull(e) => Value::Bool(value(e, row, arena)?.is_null()),
        ExprOp::NotDistinct(a, b) => Value::Bool(value(a, row, arena)? == value(b, row, arena)?),
        ExprOp::Case { branches, otherwise } => {
            for (condition, v) in branches {
                if passes(Some(condition), row)? {
                    return value(v, row, arena);
                }
            }
            value(otherwise, row, arena)?
        }
        ExprOp::Coalesce(operands) => {
            for operand in operands {
                let v = value(operand, row, arena)?;
                if !v.is_null() {
                    return Ok(v);
                }
            }
            Value::Null
        }
        ExprOp::Sequence(operands) => {
            let mut out = ItemWriter::new();
            match e.ty.sql {
                SqlType::Row(_) => out.begin_row(),
                _ => out.begin_array(),
            }
            for operand in operands {
                let scale = if let SqlType::Decimal { scale, .. } = operand.ty.sql { scale } else { 0 };
                out.value((&value(operand, row, arena)?).into(), scale);
            }
            out.end();
            Value::Item(out.finish().into())
        }
        ExprOp::Lambda { function, over, body } => {
            let Value::Item(over) = value(over, row, arena)? else { return Ok(Value::Null) };
            let function = Lambda::find(function).ok_or_else(|| error(format!("no lambda {function}"), e.at))?;
            let of = |item: Option<Item<'_>>| item.map_or(Value::Null, |i| Value::Item(i.bytes().into()));
            let mut call = |a: Option<Item<'_>>, b: Option<Item<'_>>| {
                Ok(match value(body, &[of(a), of(b)], arena)? {
                    Value::Item(bytes) => Some(Item::new(arena.alloc_slice_copy(&bytes))),
                    _ => None,
                })
            };
            of(function.call(arena, Item::new(&over), &mut call)?)
        }
    })
}

/// AND (`decisive` is FALSE) or OR (`decisive` is TRUE).
fn connective(operands: &[Expr], row: &[Value], arena: &Arena, decisive: bool) -> Result<Value> {
    let mut unknown = false;
    for operand in operands {
        match value(operand, row, arena)? {
            Value::Bool(b) if b == decisive => return Ok(Value::Bool(decisive)),
            Value::Null => unknown = true,
            _ => {}
        }
    }
    Ok(if unknown { Value::Null } else { Value::Bool(!decisive) })
}
