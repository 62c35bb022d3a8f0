//! What an aggregate's call reads, where that is not the relation's rows as they are: rows that WITHIN DISTINCT makes one, rows in order.

use super::Lowering;
use super::stream::Stream;
use crate::expr::{all, call, case, is_not_null, not_distinct, null};
use crate::plan::{AggregateCall, AggregateKind};
use weir_circuit::{Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Expr, Op, Position};
use weir_row::{ColumnType, SqlType};

/// The rows that a call reads: over the stream's node, the group's key and the inputs.
pub(super) struct Inputs {
    pub(super) stream: Stream,
    pub(super) keys: Vec<Expr>,
    pub(super) inputs: Vec<Expr>,
    /// Which rows matter at all; `None`: all.
    pub(super) present: Option<Expr>,
}

/// Rows with a NULL do not count, whatever the aggregate; of ARG_MAX it is the key, which comes first, that matters, of a
/// collection the condition, which comes first.
fn present(call: &AggregateCall, inputs: &[Expr]) -> Option<Expr> {
    let all_of = match call.kind {
        AggregateKind::ArgMin | AggregateKind::ArgMax | AggregateKind::Array | AggregateKind::Map => &inputs[..1],
        _ => inputs,
    };
    let tests: Vec<Expr> = all_of.iter().filter(|e| e.ty.nullable).map(|e| is_not_null(e.clone())).collect();
    (!tests.is_empty()).then(|| all(tests))
}

impl Lowering<'_> {
    /// What a call reads of a stream that is grouped by `keys` (over its node).
    pub(super) fn inputs(&mut self, stream: &Stream, keys: &[Expr], call: &AggregateCall) -> Inputs {
        let inputs: Vec<Expr> = call.inputs.iter().map(|e| stream.over_node(e)).collect();
        let present = present(call, &inputs);
        let rows = Inputs { stream: stream.clone(), keys: keys.to_vec(), inputs, present };
        if call.within.is_empty() { rows } else { self.within_distinct(rows, call) }
    }

    /// One row for each key of WITHIN DISTINCT in each group, with the values that its rows have in common; other values are an error.
    fn within_distinct(&mut self, rows: Inputs, of: &AggregateCall) -> Inputs {
        let groups = rows.keys.len();
        let keys: Vec<Expr> =
            rows.keys.iter().cloned().chain(of.within.iter().map(|e| rows.stream.over_node(e))).collect();
        let mut parts: Vec<AggregatePart> = vec![];
        let aggregate = |function, ty: ColumnType| Aggregate { function, ty, at: Position::NONE };
        for input in &rows.inputs {
            let value = vec![input.clone()];
            let trace = !self.only_inserts[rows.stream.node];
            let index =
                self.index(&rows.stream, rows.present.clone(), keys.clone(), value, trace, true, "WITHIN DISTINCT");
            let mut part = |method, function, ty| {
                parts.push(AggregatePart { input: index, method, aggregates: vec![aggregate(function, ty)] });
            };
            let ty = ColumnType::nullable(input.ty.sql.clone());
            // The first part counts the rows.
            let count = ColumnType::not_null(SqlType::BigInt);
            part(AggregateMethod::Linear, AggregateFunction::CountRows, count);
            part(AggregateMethod::Extreme, AggregateFunction::Min, ty.clone());
            part(AggregateMethod::Extreme, AggregateFunction::Max, ty);
        }
        let mut project: Vec<Expr> =
            keys[..groups].iter().enumerate().map(|(i, k)| Expr::column(i, k.ty.clone())).collect();
        for (i, input) in rows.inputs.iter().enumerate() {
            let ty = ColumnType::nullable(input.ty.sql.clone());
            let [least, greatest] = [1, 2].map(|n| Expr::column(keys.len() + 3 * i + n, ty.clone()));
            let same = not_distinct(least.clone(), greatest, of.at);
            let one = call("one_value", vec![same], SqlType::Boolean, of.at);
            project.push(case(vec![(one, least)], null(input.ty.sql.clone()), of.at));
        }
        let types: Vec<ColumnType> = project.iter().map(|e| e.ty.clone()).collect();
        let node = Op::Aggregate { parts, global: false, filter: None, project };
        let node = self.node(node, vec![], types.clone(), "WITHIN DISTINCT");
        let columns: Vec<Expr> = types.into_iter().enumerate().map(|(i, ty)| Expr::column(i, ty)).collect();
        let (keys, inputs) = (columns[..groups].to_vec(), columns[groups..].to_vec());
        let present = present(of, &inputs);
        Inputs { stream: Stream { node, filter: None, project: columns }, keys, inputs, present }
    }
}
