//! Aggregation: calls are grouped by how they are maintained.

use super::Lowering;
use super::linear::Linear;
use super::stream::Stream;
use crate::bind::is_integer;
use crate::expr::{boolean, substitute};
use crate::plan::{AggregateCall, AggregateKind, RelId};
use weir_circuit::{Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Expr, NodeId, Op, Position};
use weir_row::{ColumnType, Kind, SqlType};

/// Where a call's result is: part and place in it.
type Place = (usize, usize);

fn is_float(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Real | SqlType::Double)
}

pub(super) fn method(call: &AggregateCall) -> AggregateMethod {
    use AggregateKind::{
        ArgMax, ArgMin, Array, Avg, BitAnd, BitOr, BitXor, Count, CountRows, Map, Max, Min, Mode, Nth, Sum, User,
    };
    let is = |test: fn(&SqlType) -> bool| call.argument.as_ref().is_some_and(|e| test(&e.ty.sql));
    match call.kind {
        Min | Max | ArgMin | ArgMax => AggregateMethod::Extreme,
        Sum | Avg if is(is_float) => AggregateMethod::Fold,
        BitXor if is(is_integer) => AggregateMethod::Linear,
        BitAnd | BitOr | BitXor | Mode | Array | Map | Nth { .. } | User(_) => AggregateMethod::Fold,
        CountRows | Count | Sum | Avg => AggregateMethod::Linear,
    }
}

/// Whether it counts all rows of the relation.
pub(super) fn counts_rows(call: &AggregateCall) -> bool {
    let never_null = call.argument.as_ref().is_none_or(|a| !a.ty.nullable);
    matches!(call.kind, AggregateKind::CountRows | AggregateKind::Count) && never_null && is_plain(call)
}

/// Whether it reads the relation's rows as they are.
fn is_plain(call: &AggregateCall) -> bool {
    !call.distinct && call.within.is_empty()
}

/// The place of an expression in a list, where it is added if it is not there.
fn place(list: &mut Vec<Expr>, e: &Expr) -> usize {
    list.iter().position(|x| x.same(e)).unwrap_or_else(|| {
        list.push(e.clone());
        list.len() - 1
    })
}

impl Lowering<'_> {
    /// Groups of a relation, put out as `over` says.
    pub(super) fn aggregate(
        &mut self,
        input: RelId,
        keys: &[Expr],
        calls: &[AggregateCall],
        global: bool,
        over: Linear,
    ) -> Stream {
        let stream = self.stream(input);
        let keys: Vec<Expr> = keys.iter().map(|k| stream.over_node(k)).collect();
        let mut places: Vec<Place> = vec![(0, 0); calls.len()];
        // The first part counts rows, which tells whether a group exists; other linear calls of all rows join it.
        let mut values: Vec<Expr> = vec![];
        let counter = Aggregate {
            function: AggregateFunction::CountRows,
            ty: ColumnType::not_null(SqlType::BigInt),
            at: Position::NONE,
        };
        let mut first = vec![counter];
        let mut folded: Vec<Expr> = vec![];
        let mut folds: Vec<Aggregate> = vec![];
        let mut later: Vec<usize> = vec![];
        let mut fold_places: Vec<(usize, usize)> = vec![];
        for (c, call) in calls.iter().enumerate() {
            match method(call) {
                _ if counts_rows(call) => places[c] = (0, 0),
                AggregateMethod::Linear if is_plain(call) => {
                    let e = over_inputs(call, |i| value_column(&keys, &mut values, &stream.over_node(&call.inputs[i])));
                    first.push(function(call, e));
                    places[c] = (0, first.len() - 1);
                }
                AggregateMethod::Fold
                    if is_plain(call) && call.kind != AggregateKind::Mode && !call.kind.is_collection() =>
                {
                    let e = over_inputs(call, |i| value_column(&keys, &mut folded, &stream.over_node(&call.inputs[i])));
                    folds.push(function(call, e));
                    fold_places.push((c, folds.len() - 1));
                }
                _ => later.push(c),
            }
        }
        // An extreme of what only ever gains rows needs no trace.
        let known = self.only_inserts[stream.node];
        // A trace that an extreme needs can count the rows too, if it has what the linear calls read.
        let lead = later.iter().copied().find(|c| {
            let fits = |a: &Expr| values.is_empty() || values.len() == 1 && values[0].same(a);
            let extreme = matches!(calls[*c].kind, AggregateKind::Min | AggregateKind::Max) && is_plain(&calls[*c]);
            extreme && calls[*c].inputs.first().is_some_and(|e| fits(&stream.over_node(e)))
        });
        if let Some(argument) = lead.and_then(|c| calls[c].inputs.first()) {
            values = vec![stream.over_node(argument)];
        }
        let lead_value = lead.and(values.first().cloned());
        let index = self.index(&stream, None, keys.clone(), values, lead.is_some() && !known, true, "GROUP BY");
        let mut parts = vec![AggregatePart { input: index, method: AggregateMethod::Linear, aggregates: first }];
        if !folds.is_empty() {
            let input = self.index(&stream, None, keys.clone(), folded, true, true, "GROUP BY");
            for (c, at) in fold_places {
                places[c] = (parts.len(), at);
            }
            parts.push(AggregatePart { input, method: AggregateMethod::Fold, aggregates: folds });
        }
        // A trace of the inputs alone for each extreme and each DISTINCT.
        for c in later {
            let call = &calls[c];
            let rows = self.inputs(&stream, &keys, call);
            let chosen = matches!(call.kind, AggregateKind::ArgMin | AggregateKind::ArgMax);
            let ordered = chosen || call.kind.is_collection();
            let method = method(call);
            // (The lead of what only gains rows keeps no trace; a fold needs one.)
            let traced = !known || method != AggregateMethod::Fold;
            let shared =
                is_plain(call) && !ordered && traced && lead_value.as_ref().is_some_and(|v| v.same(&rows.inputs[0]));
            let input = if shared {
                parts[0].input
            } else if call.distinct && !ordered {
                let index = self.index(&rows.stream, rows.present, rows.keys, rows.inputs.clone(), true, true, "");
                let (key, value) = (self.circuit.nodes[index].key.clone(), self.circuit.nodes[index].value.clone());
                let distinct = self.node(Op::Distinct { input: index, all: false }, key, value, "DISTINCT");
                // A fold goes through the whole group, so it needs a trace.
                let traced = method == AggregateMethod::Fold || self.scope.is_some();
                if traced { self.traced(distinct) } else { distinct }
            } else if ordered {
                let nullable = |e: &Expr| Expr { ty: ColumnType::nullable(e.ty.sql.clone()), ..e.clone() };
                let values = match chosen {
                    true => rows.inputs.iter().map(nullable).collect(),
                    // The condition has done its work.
                    false => rows.inputs[1..].to_vec(),
                };
                let trace = !chosen || !self.only_inserts[rows.stream.node];
                self.ordered_index(&rows.stream, rows.present, rows.keys, values, trace)
            } else {
                let trace = match method {
                    AggregateMethod::Linear => false,
                    AggregateMethod::Extreme => !self.only_inserts[rows.stream.node],
                    AggregateMethod::Fold => true,
                };
                self.index(&rows.stream, rows.present, rows.keys, rows.inputs.clone(), trace, true, "")
            };
            let aggregate = if call.kind.is_collection() {
                collection(call, keys.len(), &rows.inputs)
            } else {
                function(call, over_inputs(call, |i| Expr::column(keys.len() + i, rows.inputs[i].ty.clone())))
            };
            // Calls over one index share a part, but for those that choose a row.
            let fits = |p: &AggregatePart| p.input == input && p.method == method && !p.aggregates[0].is_chosen();
            let shared = parts.iter().position(fits).filter(|p| *p > 0 && !aggregate.is_chosen());
            let part = shared.unwrap_or_else(|| {
                parts.push(AggregatePart { input, method, aggregates: vec![] });
                parts.len() - 1
            });
            parts[part].aggregates.push(aggregate);
            places[c] = (part, parts[part].aggregates.len() - 1);
        }
        let mut starts = vec![];
        let mut next = keys.len();
        for part in &parts {
            starts.push(next);
            next += part.aggregates.len();
        }
        let column = |i: usize| -> Expr {
            if i < keys.len() {
                return Expr::column(i, keys[i].ty.clone());
            }
            let (part, at) = places[i - keys.len()];
            Expr::column(starts[part] + at, calls[i - keys.len()].ty.clone())
        };
        let filter = over.filter.as_ref().map(|f| substitute(f, &column));
        let project: Vec<Expr> = over.project.iter().map(|e| substitute(e, &column)).collect();
        let types: Vec<ColumnType> = project.iter().map(|e| e.ty.clone()).collect();
        let node = self.node(Op::Aggregate { parts, global, filter, project }, vec![], types.clone(), "GROUP BY");
        self.over(node, None, Linear::identity(&types))
    }

    /// A keyed node's rows with a trace.
    fn traced(&mut self, node: NodeId) -> NodeId {
        let keys = self.circuit.nodes[node].key.len();
        let columns: Vec<Expr> =
            self.columns(node).into_iter().enumerate().map(|(i, ty)| Expr::column(i, ty)).collect();
        let stream = Stream { node, filter: None, project: columns.clone() };
        let (key, value) = columns.split_at(keys);
        self.index(&stream, None, key.to_vec(), value.to_vec(), true, true, "")
    }
}

/// An argument as a column of an index: one of the key's, or one of the values.
fn value_column(keys: &[Expr], values: &mut Vec<Expr>, argument: &Expr) -> Expr {
    match keys.iter().position(|k| k.same(argument)) {
        Some(k) => Expr::column(k, argument.ty.clone()),
        None => Expr::column(keys.len() + place(values, argument), argument.ty.clone()),
    }
}

/// A call's argument over columns that its inputs are.
pub(super) fn over_inputs(call: &AggregateCall, mut column: impl FnMut(usize) -> Expr) -> Expr {
    let columns: Vec<Expr> = (0..call.inputs.len()).map(&mut column).collect();
    call.argument.as_ref().map_or_else(|| boolean(true), |a| substitute(a, &|i| columns[i].clone()))
}

/// The circuit's form of a collection, of an index of its inputs but for the first.
fn collection(call: &AggregateCall, keys: usize, inputs: &[Expr]) -> Aggregate {
    let columns =
        |from: usize| (from..inputs.len()).map(|i| Expr::column(keys + i - 1, inputs[i].ty.clone())).collect();
    let values = columns(if call.kind == AggregateKind::Map { 1 } else { inputs.len() - 1 });
    Aggregate { function: AggregateFunction::Collect { values, once: call.distinct }, ty: call.ty.clone(), at: call.at }
}

/// The circuit's form of a call.
pub(super) fn function(call: &AggregateCall, e: Expr) -> Aggregate {
    let kind = e.ty.sql.kind().map_or("", Kind::name);
    let reduce =
        |operation: &str, argument| AggregateFunction::Reduce { kernel: format!("bit_{operation}_{kind}"), argument };
    let function = match call.kind {
        AggregateKind::CountRows => AggregateFunction::CountRows,
        AggregateKind::Count => AggregateFunction::Count(e),
        AggregateKind::Sum => AggregateFunction::Sum(e),
        AggregateKind::Avg => AggregateFunction::Avg(e),
        AggregateKind::Min => AggregateFunction::Min,
        AggregateKind::Max => AggregateFunction::Max,
        AggregateKind::ArgMin => AggregateFunction::ArgMin,
        AggregateKind::ArgMax => AggregateFunction::ArgMax,
        AggregateKind::Mode => AggregateFunction::Mode,
        // (Only windows have it, which make it themselves.)
        AggregateKind::Nth { .. } => AggregateFunction::CountRows,
        // (Made by `collection`.)
        AggregateKind::Array | AggregateKind::Map => AggregateFunction::Collect { values: vec![e], once: false },
        AggregateKind::BitAnd => reduce("and", e),
        AggregateKind::BitOr => reduce("or", e),
        AggregateKind::BitXor if is_integer(&e.ty.sql) => AggregateFunction::BitXor(e),
        AggregateKind::BitXor => reduce("xor", e),
        AggregateKind::User(function) => AggregateFunction::User { function, argument: e },
    };
    Aggregate { function, ty: call.ty.clone(), at: call.at }
}
