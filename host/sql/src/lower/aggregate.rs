//! Aggregation: calls are grouped by how they are maintained.

use super::Lowering;
use super::linear::Linear;
use super::stream::Stream;
use crate::expr::{is_not_null, substitute};
use crate::plan::{AggregateCall, AggregateKind, RelId};
use weir_circuit::{Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Expr, NodeId, Op, Position};
use weir_row::{ColumnType, SqlType};

/// Where a call's result is: part and place in it.
type Place = (usize, usize);

fn is_float(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Real | SqlType::Double)
}

fn method(call: &AggregateCall) -> AggregateMethod {
    match (call.kind, &call.argument) {
        (AggregateKind::Min | AggregateKind::Max, _) => AggregateMethod::Extreme,
        (AggregateKind::Sum | AggregateKind::Avg, Some(e)) if is_float(&e.ty.sql) => AggregateMethod::Fold,
        _ => AggregateMethod::Linear,
    }
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
            let argument = call.argument.as_ref().map(|a| stream.over_node(a));
            let distinct = call.distinct;
            match (method(call), argument) {
                (AggregateMethod::Linear, None) => places[c] = (0, 0),
                (AggregateMethod::Linear, Some(a))
                    if call.kind == AggregateKind::Count && !a.ty.nullable && !distinct =>
                {
                    places[c] = (0, 0);
                }
                (AggregateMethod::Linear, Some(a)) if !distinct => {
                    let e = self.value_column(&keys, &mut values, &a);
                    first.push(function(call, e));
                    places[c] = (0, first.len() - 1);
                }
                (AggregateMethod::Fold, Some(a)) if !distinct => {
                    let e = self.value_column(&keys, &mut folded, &a);
                    folds.push(function(call, e));
                    fold_places.push((c, folds.len() - 1));
                }
                _ => later.push(c),
            }
        }
        // A trace that an extreme needs can count the rows too, if it has what the linear calls read.
        let lead = later.iter().copied().find(|c| {
            let argument = calls[*c].argument.as_ref().map(|a| stream.over_node(a));
            let fits = |a: &Expr| values.is_empty() || values.len() == 1 && values[0].same(a);
            !calls[*c].distinct && method(&calls[*c]) == AggregateMethod::Extreme && argument.as_ref().is_some_and(fits)
        });
        if let Some(argument) = lead.and_then(|c| calls[c].argument.as_ref()) {
            values = vec![stream.over_node(argument)];
        }
        let lead_value = lead.and(values.first().cloned());
        let index = self.index(&stream, None, keys.clone(), values, lead.is_some(), true, "GROUP BY");
        let mut parts = vec![AggregatePart { input: index, method: AggregateMethod::Linear, aggregates: first }];
        if !folds.is_empty() {
            let input = self.index(&stream, None, keys.clone(), folded, true, true, "GROUP BY");
            for (c, at) in fold_places {
                places[c] = (parts.len(), at);
            }
            parts.push(AggregatePart { input, method: AggregateMethod::Fold, aggregates: folds });
        }
        // A trace of the argument alone for each extreme and each DISTINCT.
        for c in later {
            let call = &calls[c];
            let Some(argument) = call.argument.as_ref().map(|a| stream.over_node(a)) else { continue };
            // NULLs are skipped; where they are not wanted for counting they are not kept.
            let shared = !call.distinct && lead_value.as_ref().is_some_and(|v| v.same(&argument));
            let index = if shared {
                parts[0].input
            } else {
                let present = argument.ty.nullable.then(|| is_not_null(argument.clone()));
                self.index(&stream, present, keys.clone(), vec![argument.clone()], true, true, "")
            };
            let e = Expr::column(keys.len(), argument.ty.clone());
            let input = if call.distinct {
                let (key, value) = (self.circuit.nodes[index].key.clone(), self.circuit.nodes[index].value.clone());
                let distinct = self.node(Op::Distinct { input: index }, key, value, "DISTINCT");
                // A fold goes through the whole group, so it needs a trace.
                if method(call) == AggregateMethod::Fold { self.traced(distinct) } else { distinct }
            } else {
                index
            };
            let method = method(call);
            let aggregate = function(call, e);
            // Calls over one index share a part, but for extremes.
            let shared = parts
                .iter()
                .position(|p| p.input == input && p.method == method && method != AggregateMethod::Extreme)
                .filter(|p| *p > 0);
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

    /// An argument as a column of an index: one of the key's, or one of the values.
    fn value_column(&self, keys: &[Expr], values: &mut Vec<Expr>, argument: &Expr) -> Expr {
        match keys.iter().position(|k| k.same(argument)) {
            Some(k) => Expr::column(k, argument.ty.clone()),
            None => Expr::column(keys.len() + place(values, argument), argument.ty.clone()),
        }
    }
}

/// The circuit's form of a call.
fn function(call: &AggregateCall, e: Expr) -> Aggregate {
    let function = match call.kind {
        AggregateKind::CountRows => AggregateFunction::CountRows,
        AggregateKind::Count => AggregateFunction::Count(e),
        AggregateKind::Sum => AggregateFunction::Sum(e),
        AggregateKind::Avg => AggregateFunction::Avg(e),
        AggregateKind::Min => AggregateFunction::Min,
        AggregateKind::Max => AggregateFunction::Max,
    };
    Aggregate { function, ty: call.ty.clone(), at: call.at }
}
