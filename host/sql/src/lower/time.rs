//! What knows of time: bounds that move, sessions, lateness.

use super::Lowering;
use super::linear::Linear;
use super::stream::{Stream, both};
use crate::expr::{all, coalesce, is_not_null};
use crate::plan::{Bounds, RelId};
use std::collections::BTreeSet;
use weir_circuit::{Edge, Expr, ExprOp, LateColumn, NodeId, Op, Position};
use weir_row::{ColumnType, SqlType, Value};

/// The time's type.
const TIME: ColumnType = ColumnType::not_null(SqlType::Timestamp);

impl Lowering<'_> {
    /// The time of the step.
    pub(super) fn now(&mut self) -> NodeId {
        self.node(Op::Now, vec![], vec![TIME], "NOW")
    }

    /// A scalar that is a function of another, which has a value for each of its values that come.
    pub(super) fn scalar(&mut self, of: NodeId, e: Expr) -> NodeId {
        if matches!(e.op, ExprOp::Column(_)) && e.ty == self.circuit.nodes[of].value[0] {
            return of;
        }
        let ty = e.ty.clone();
        self.node(Op::Map { input: of, filter: None, project: vec![e] }, vec![], vec![ty], "")
    }

    /// Rows by a time, which is not NULL, where they are: no worker needs those of others.
    pub(super) fn by_time(&mut self, stream: &Stream, time: &Expr) -> NodeId {
        let filter = time.ty.nullable.then(|| is_not_null(time.clone()));
        let filter = both(stream.filter.clone(), filter);
        self.indexed_here(stream, filter, vec![not_null(time)], false)
    }

    /// An index of all of a stream's columns without exchange.
    fn indexed_here(&mut self, stream: &Stream, filter: Option<Expr>, key: Vec<Expr>, trace: bool) -> NodeId {
        let mut value = stream.project.clone();
        if value.is_empty() {
            value.push(crate::expr::boolean(true));
        }
        let types = |exprs: &[Expr]| exprs.iter().map(|e| e.ty.clone()).collect::<Vec<_>>();
        let (key_ty, value_ty) = (types(&key), types(&value));
        let op = Op::Index { input: stream.node, filter, key, value, exchange: false, trace, ordered: false };
        self.node(op, key_ty, value_ty, "")
    }

    /// The rows between two bounds.
    pub(super) fn within(&mut self, input: RelId, time: &Expr, bounds: Bounds, over: Linear) -> Stream {
        let stream = self.stream(input);
        let time = stream.over_node(time);
        let (stream, over) = narrowed(stream, over, &[]);
        let index = self.by_time(&stream, &time);
        let now = self.now();
        let Bounds { lower, upper } = bounds;
        let [lower, upper] =
            [lower, upper].map(|bound| bound.map(|(e, inclusive)| Edge { scalar: self.scalar(now, e), inclusive }));
        let value = self.circuit.nodes[index].value.clone();
        let op = Op::Within { input: index, lower, upper, once: false };
        let node = self.node(op, vec![], value, "NOW");
        self.over(node, None, over)
    }

    /// Pairs of a relation's rows and the time, which every worker has, so that no row needs to go anywhere.
    pub(super) fn with_now(&mut self, left: Stream, on: &[Expr], over: Linear) -> Stream {
        let now = self.now();
        let over = Linear { filter: both(Some(all(on.to_vec())), over.filter), ..over };
        let (left, over) = narrowed(left, over, &[TIME]);
        let left_index = self.indexed_here(&left, left.filter.clone(), vec![], true);
        let time = Stream { node: now, filter: None, project: vec![Expr::column(0, TIME)] };
        let right_index = self.indexed_here(&time, None, vec![], true);
        let (width, at) = (left.project.len(), self.circuit.nodes[left_index].value.len());
        let column = |i: usize| match i < width {
            true => Expr::column(i, left.project[i].ty.clone()),
            false => Expr::column(at, TIME),
        };
        let Linear { filter, project } = over.over(&column);
        let types = project.iter().map(|e| e.ty.clone()).collect::<Vec<_>>();
        let op = Op::Join { left: left_index, right: right_index, filter, project };
        let node = self.node(op, vec![], types.clone(), "NOW");
        self.over(node, None, Linear::identity(&types))
    }

    /// Rows with their sessions.
    pub(super) fn session(&mut self, input: RelId, keys: &[Expr], time: &Expr, gap: i64, over: Linear) -> Stream {
        let stream = self.stream(input);
        let time = stream.over_node(time);
        let filter = time.ty.nullable.then(|| is_not_null(time.clone()));
        let time = not_null(&time);
        let keys: Vec<Expr> = keys.iter().map(|e| stream.over_node(e)).collect();
        let (stream, over) = narrowed(stream, over, &[time.ty.clone(), time.ty.clone()]);
        let mut columns = stream.types();
        columns.extend([time.ty.clone(), time.ty.clone()]);
        let first = keys.len() + 1;
        let value = std::iter::once(time).chain(stream.project.iter().cloned()).collect();
        let index = self.ordered_index(&stream, filter, keys, value, true);
        let project = columns.iter().enumerate().map(|(i, ty)| Expr::column(first + i, ty.clone())).collect();
        let node = self.node(Op::Session { input: index, gap, project }, vec![], columns, "SESSION");
        self.over(node, None, over)
    }

    /// The rows that are not late.
    pub(super) fn late(&mut self, input: RelId, columns: &[LateColumn], of_table: bool, over: Linear) -> Stream {
        let types = self.plan.columns(input).to_vec();
        let stream = self.stream(input);
        // As they lie, if that is all of them.
        let trivial = stream.filter.is_none() && stream.project.iter().all(|e| matches!(e.op, ExprOp::Column(_)));
        let stream = match trivial {
            true => stream,
            false => {
                let node = self.flat(stream);
                let project = types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
                Stream { node, filter: None, project }
            }
        };
        let of_node = |c: &LateColumn| {
            let ExprOp::Column(column) = stream.project[c.column].op else { unreachable!("no column") };
            LateColumn { column, waterline: stream.over_node(&c.waterline) }
        };
        let columns = columns.iter().map(of_node).collect();
        let node = &self.circuit.nodes[stream.node];
        let (key, value) = (node.key.clone(), node.value.clone());
        let node = self.node(Op::Late { input: stream.node, columns, of_table }, key, value, "LATENESS");
        let over = over.over(&|i| stream.project[i].clone());
        self.over(node, None, over)
    }

    /// The rows that are.
    pub(super) fn dropped(&mut self, late: RelId, over: Linear) -> Stream {
        let stream = self.stream(late);
        let node = &self.circuit.nodes[stream.node];
        let (key, value) = (node.key.clone(), node.value.clone());
        let node = self.node(Op::Dropped { late: stream.node }, key, value, "LATENESS");
        let over = over.over(&|i| stream.project[i].clone());
        self.over(node, None, over)
    }
}

/// A stream with those of its columns that something over it, and over more columns behind, reads.
fn narrowed(stream: Stream, over: Linear, behind: &[ColumnType]) -> (Stream, Linear) {
    let width = stream.project.len();
    let mut used = BTreeSet::new();
    over.filter.iter().chain(&over.project).for_each(|e| e.visit_columns(&mut |i| used.extend([i])));
    let used: Vec<usize> = used.into_iter().filter(|i| *i < width).collect();
    let over = over.over(&|i| match used.iter().position(|u| *u == i) {
        Some(at) => Expr::column(at, stream.project[i].ty.clone()),
        None => Expr::column(i - width + used.len(), behind[i - width].clone()),
    });
    let project = used.iter().map(|i| stream.project[*i].clone()).collect();
    (Stream { project, ..stream }, over)
}

/// An expression that is known not to be NULL, as one whose type says so.
fn not_null(e: &Expr) -> Expr {
    let ty = ColumnType::not_null(e.ty.sql.clone());
    match e.op {
        _ if !e.ty.nullable => e.clone(),
        ExprOp::Column(_) => Expr { ty, ..e.clone() },
        _ => coalesce(vec![e.clone(), Expr::literal(zero(&e.ty.sql), ty)], Position::NONE),
    }
}

/// Some value of a type of one word.
fn zero(ty: &SqlType) -> Value {
    use weir_row::Kind;
    match ty.kind() {
        Some(Kind::Bool) => Value::Bool(false),
        Some(Kind::I8) => Value::I8(0),
        Some(Kind::I16) => Value::I16(0),
        Some(Kind::I32) => Value::I32(0),
        Some(Kind::I64) => Value::I64(0),
        Some(Kind::U8) => Value::U8(0),
        Some(Kind::U16) => Value::U16(0),
        Some(Kind::U32) => Value::U32(0),
        Some(Kind::U64) => Value::U64(0),
        Some(Kind::F32) => Value::F32(0.0),
        Some(Kind::F64) => Value::F64(0.0),
        Some(Kind::Date) => Value::Date(0),
        Some(Kind::Time) => Value::Time(0),
        Some(Kind::Months) => Value::Months(0),
        Some(Kind::Micros) => Value::Micros(0),
        Some(Kind::Tz) => Value::Tz(0),
        _ => Value::Ts(0),
    }
}
