//! Joins: equalities become keys, the rest stays a condition on pairs.

use super::Lowering;
use super::linear::Linear;
use super::stream::{Stream, both};
use crate::expr::{all, columns_end, is_not_null, is_true_literal, null, substitute};
use crate::optimise::fails_here;
use crate::plan::{JoinKind, Rel, RelId};
use weir_circuit::{Expr, ExprOp, NodeId, Op};
use weir_row::{ColumnType, Kind, Value};

/// A pair of expressions that must be equal: one over the left columns, one over the right ones.
#[derive(Clone)]
struct Equality {
    left: Expr,
    right: Expr,
    /// Whether NULL equals NULL.
    nulls: bool,
}

/// A join's conditions, sorted by what they are good for.
#[derive(Default)]
struct Conditions {
    equalities: Vec<Equality>,
    /// Over pairs.
    rest: Vec<Expr>,
}

/// Whether an expression reads only columns below `bound`, or only others.
fn side(e: &Expr, bound: usize) -> Option<bool> {
    let (mut left, mut right) = (false, false);
    e.visit_columns(&mut |i| if i < bound { left = true } else { right = true });
    match (left, right) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

fn analyse(on: Vec<Expr>, width: usize) -> Conditions {
    let mut conditions = Conditions::default();
    for e in on {
        let operands = match &e.op {
            ExprOp::Call { kernel, args } if kernel.starts_with("eq_") => Some((&args[0], &args[1], false)),
            ExprOp::NotDistinct(a, b) => Some((a.as_ref(), b.as_ref(), true)),
            _ => None,
        };
        let sides = operands.and_then(|(a, b, nulls)| Some((a, b, nulls, side(a, width)?, side(b, width)?)));
        match sides {
            Some((a, b, nulls, true, false)) => {
                conditions.equalities.push(Equality { left: a.clone(), right: b.clone(), nulls });
            }
            Some((a, b, nulls, false, true)) => {
                conditions.equalities.push(Equality { left: b.clone(), right: a.clone(), nulls });
            }
            _ => conditions.rest.push(e),
        }
    }
    for e in &mut conditions.equalities {
        e.right.map_columns(&mut |i| i - width);
    }
    conditions
}

/// An input as a join sees it: its index, and how the input's columns are found in a row of the index (key, then value).
struct Side {
    node: NodeId,
    /// Over the index's columns; `None` for columns that nobody needs.
    columns: Vec<Option<Expr>>,
    keys: usize,
}

impl Lowering<'_> {
    /// A join, put out as `over` says.
    pub(super) fn join(
        &mut self,
        rel: RelId,
        left: RelId,
        right: RelId,
        kind: JoinKind,
        on: Vec<Expr>,
        over: Linear,
    ) -> Stream {
        let width = self.plan.columns(left).len();
        if matches!(self.plan.rel(right), Rel::Now) && kind == JoinKind::Inner {
            let left = self.stream(left);
            return self.with_now(left, &on, over);
        }
        let conditions = analyse(on, width);
        let (l, r) = (self.stream(left), self.stream(right));
        if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            return self.semi(&l, &r, width, &conditions, kind == JoinKind::Anti, over);
        }
        if kind == JoinKind::Inner {
            return self.inner(&l, &r, width, &conditions, over);
        }
        // Pairs, and rows of one side or of both without a match, padded.
        let columns = self.plan.columns(rel).to_vec();
        let pairs = self.inner(&l, &r, width, &conditions, over.clone());
        let mut inputs = vec![];
        let types: Vec<ColumnType> = over.project.iter().map(|e| e.ty.clone()).collect();
        let pairs = self.flat(pairs);
        inputs.push(self.widened(pairs, &types));
        let pad = |i: usize| null(columns[i].sql.clone());
        let unmatched_left = over.over(&|i| {
            if i < width { Expr::column(i, columns[i].clone()) } else { pad(i) }
        });
        let unmatched = self.semi(&l, &r, width, &conditions, true, unmatched_left);
        let unmatched = self.flat(unmatched);
        inputs.push(self.widened(unmatched, &types));
        if kind == JoinKind::Full {
            let turned = turn(&conditions, width, columns.len() - width);
            let unmatched_right = over.over(&|i| {
                if i < width { pad(i) } else { Expr::column(i - width, columns[i].clone()) }
            });
            let unmatched = self.semi(&r, &l, columns.len() - width, &turned, true, unmatched_right);
            let unmatched = self.flat(unmatched);
            inputs.push(self.widened(unmatched, &types));
        }
        let node = self.node(Op::Union { inputs }, vec![], types.clone(), "OUTER JOIN");
        self.over(node, None, Linear::identity(&types))
    }

    /// Pairs. What may fail by the values it gets is computed of pairs that are there only: a step's changes of both sides meet what the step
    /// takes away, and such pairs cancel each other out later. (Overflow alone is not worth that: the values are as large as those of
    /// other rows.)
    fn inner(&mut self, l: &Stream, r: &Stream, width: usize, conditions: &Conditions, over: Linear) -> Stream {
        let types: Vec<ColumnType> = l.types().into_iter().chain(r.types()).collect();
        let columns: Vec<usize> = {
            let exprs = || over.project.iter().chain(&over.filter).chain(&conditions.rest);
            let read = needed(exprs());
            (0..types.len()).filter(|i| exprs().any(fails_by_value) && read(*i)).collect()
        };
        if self.scope.is_some() || columns.is_empty() {
            return self.pairs(l, r, width, conditions, over);
        }
        let (later, rest): (Vec<Expr>, Vec<Expr>) = conditions.rest.iter().cloned().partition(fails_by_value);
        let equalities = conditions.equalities.clone();
        let project = columns.iter().map(|i| Expr::column(*i, types[*i].clone())).collect();
        let plain = Linear { filter: None, project };
        let stream = self.pairs(l, r, width, &Conditions { equalities, rest }, plain);
        let kept = stream.types();
        let op = Op::Index {
            input: stream.node,
            filter: stream.filter.clone(),
            key: stream.project.clone(),
            value: vec![],
            exchange: false,
            trace: false,
            ordered: false,
        };
        let node = self.node(op, kept.clone(), vec![], "pairs that are there");
        let place = |i: usize| {
            let at = columns.iter().position(|c| *c == i).unwrap_or(usize::MAX);
            kept.get(at).map_or_else(|| Expr::column(at, crate::expr::BOOLEAN), |ty| Expr::column(at, ty.clone()))
        };
        let over = Linear { filter: both(Some(all(later)), over.filter), project: over.project };
        self.over(node, None, over.over(&place))
    }

    fn pairs(&mut self, l: &Stream, r: &Stream, width: usize, conditions: &Conditions, over: Linear) -> Stream {
        let needed = needed(over.project.iter().chain(&over.filter).chain(&conditions.rest));
        let (keys_left, keys_right) = self.keys(conditions, l, r, true);
        let left = self.side(l, &keys_left, &needed);
        let right = self.side(r, &keys_right, |i| needed(width + i));
        let left_values = self.circuit.nodes[left.node].value.len();
        let column = |i: usize| -> Expr {
            let (column, offset) =
                if i < width { (&left.columns[i], 0) } else { (&right.columns[i - width], left_values) };
            // Columns that are read are among those needed.
            let mut e = column.clone().unwrap_or_else(|| Expr::column(usize::MAX, crate::expr::BOOLEAN));
            e.map_columns(&mut |c| if c < left.keys { c } else { c + offset });
            e
        };
        let over = over.over(&column);
        let rest = conditions.rest.iter().map(|e| substitute(e, &column)).collect();
        let filter = both(Some(all(rest)), over.filter);
        let types = over.project.iter().map(|e| e.ty.clone()).collect::<Vec<_>>();
        let op = Op::Join { left: left.node, right: right.node, filter, project: over.project };
        let node = self.node(op, vec![], types.clone(), "JOIN");
        self.over(node, None, Linear::identity(&types))
    }

    /// Left rows with a match, or without.
    fn semi(
        &mut self,
        l: &Stream,
        r: &Stream,
        width: usize,
        conditions: &Conditions,
        anti: bool,
        over: Linear,
    ) -> Stream {
        let wanted = needed(over.project.iter().chain(&over.filter));
        let tested = needed(conditions.rest.iter());
        // Without a match is also what has a NULL in its key; a match has none.
        let (keys_left, keys_right) = self.keys(conditions, l, r, !anti);
        let left = self.side(l, &keys_left, |i| wanted(i) || tested(i));
        let right = self.side(r, &keys_right, |i| tested(width + i));
        let left_values = self.circuit.nodes[left.node].value.len();
        let column = |i: usize| -> Expr {
            let (column, offset) =
                if i < width { (&left.columns[i], 0) } else { (&right.columns[i - width], left_values) };
            let mut e = column.clone().unwrap_or_else(|| Expr::column(usize::MAX, crate::expr::BOOLEAN));
            e.map_columns(&mut |c| if c < left.keys { c } else { c + offset });
            e
        };
        let condition = all(conditions.rest.iter().map(|e| substitute(e, &column)).collect());
        let condition = (!is_true_literal(&condition)).then_some(condition);
        let over = over.over(&column);
        let note = if anti { "without a match" } else { "with a match" };
        let Linear { filter, project } = over;
        // The operator has no filter of its own: what it filters by goes through its projection first.
        let extra: Vec<Expr> = match &filter {
            None => vec![],
            Some(_) => {
                let columns = self.columns(left.node);
                columns.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect()
            }
        };
        let emitted = if filter.is_some() { extra } else { project.clone() };
        let types = emitted.iter().map(|e| e.ty.clone()).collect::<Vec<_>>();
        let op = Op::SemiJoin { left: left.node, right: right.node, anti, condition, project: emitted };
        let node = self.node(op, vec![], types.clone(), note);
        match filter {
            None => self.over(node, None, Linear::identity(&types)),
            filter => self.over(node, None, Linear { filter, project }),
        }
    }

    /// The keys of both sides over their nodes' columns. `matching`: rows of the left that cannot match are
    /// not there; those of the right never are.
    fn keys(&self, conditions: &Conditions, l: &Stream, r: &Stream, matching: bool) -> (Vec<Key>, Vec<Key>) {
        let mut keys: (Vec<Key>, Vec<Key>) = (vec![], vec![]);
        for e in &conditions.equalities {
            let (a, b) = (l.over_node(&e.left), r.over_node(&e.right));
            if keys.0.iter().zip(&keys.1).any(|(x, y)| x.expr.same(&a) && y.expr.same(&b)) {
                continue;
            }
            // NULL equals nothing, so it is left out where only matches count.
            let mut left = a.ty.nullable && (e.nulls || !matching);
            let mut right = e.nulls && b.ty.nullable;
            // The constant NULL is no value of any other type, be it in rows that are left out.
            let constant = |e: &Expr| matches!(e.op, ExprOp::Literal(Value::Null));
            left |= constant(&a);
            right |= constant(&b);
            // Keys of both sides have the same words.
            if matches!(a.ty.sql.kind(), Some(Kind::I64 | Kind::U64 | Kind::Micros)) {
                left |= right;
                right = left;
            }
            // Equal kinds and, of decimals, equal digits: comparisons see to it. Texts of all lengths are alike.
            let ty = |nullable| ColumnType { sql: a.ty.sql.clone(), nullable };
            let (left, right) = (ty(left), ty(right));
            keys.0.push(Key { present: !e.nulls && matching && a.ty.nullable, expr: a, ty: left });
            keys.1.push(Key { present: !e.nulls && b.ty.nullable, expr: b, ty: right });
        }
        keys
    }

    /// An input indexed by its key.
    fn side(&mut self, stream: &Stream, keys: &[Key], needed: impl Fn(usize) -> bool) -> Side {
        if let Some(side) = self.table_as_side(stream, keys) {
            return side;
        }
        let present = keys.iter().filter(|k| k.present).map(|k| is_not_null(k.expr.clone()));
        let filter = Some(all(present.collect())).filter(|e| !is_true_literal(e));
        let mut value: Vec<Expr> = vec![];
        let mut columns = vec![];
        for (i, e) in stream.project.iter().enumerate() {
            let of_key = keys.iter().position(|k| k.expr.same(e));
            columns.push(match of_key {
                Some(k) => Some(Expr::column(k, key_column(&keys[k], &e.ty))),
                None if !needed(i) => None,
                None if matches!(e.op, ExprOp::Literal(_)) => Some(e.clone()),
                None => {
                    let at = value.iter().position(|v| v.same(e)).unwrap_or_else(|| {
                        value.push(e.clone());
                        value.len() - 1
                    });
                    Some(Expr::column(keys.len() + at, e.ty.clone()))
                }
            });
        }
        let exprs = keys.iter().map(|k| Expr { ty: k.ty.clone(), ..k.expr.clone() }).collect();
        let node = self.index(stream, filter, exprs, value, true, false, "");
        Side { node, columns, keys: keys.len() }
    }

    /// A table is its own index by its primary key.
    fn table_as_side(&self, stream: &Stream, keys: &[Key]) -> Option<Side> {
        let node = &self.circuit.nodes[stream.node];
        let table = match node.op {
            Op::Import { input } => input,
            _ => stream.node,
        };
        let is_key = |(i, k): (usize, &Key)| matches!(k.expr.op, ExprOp::Column(c) if c == i) && k.ty == node.key[i];
        let fits = matches!(self.circuit.nodes[table].op, Op::Table { .. })
            && !node.key.is_empty()
            && stream.filter.is_none()
            && keys.len() == node.key.len()
            && keys.iter().enumerate().all(is_key);
        let columns = stream.project.iter().map(|e| Some(e.clone())).collect();
        fits.then_some(Side { node: stream.node, columns, keys: keys.len() })
    }
}

/// Whether an expression can be a run-time error for other reasons than a result that is too large.
fn fails_by_value(e: &Expr) -> bool {
    let only_overflows = ["add_", "sub_", "mul_", "neg_", "abs_", "dec_rescale"];
    let here = match &e.op {
        ExprOp::Call { kernel, .. } if only_overflows.iter().any(|k| kernel.starts_with(k)) => false,
        _ => fails_here(e),
    };
    here || e.children().into_iter().any(fails_by_value)
}

/// A key column as what it is a copy of: NULLs are there only if both say so.
fn key_column(key: &Key, of: &ColumnType) -> ColumnType {
    ColumnType { sql: of.sql.clone(), nullable: of.nullable && key.ty.nullable }
}

/// A key's column on one side.
struct Key {
    /// Over the node's columns.
    expr: Expr,
    /// Its type in the index; of the same words on both sides.
    ty: ColumnType,
    /// Whether rows where it is NULL are left out.
    present: bool,
}

/// Which columns are read.
fn needed<'e>(exprs: impl Iterator<Item = &'e Expr>) -> impl Fn(usize) -> bool {
    let mut read = vec![];
    for e in exprs {
        read.resize(read.len().max(columns_end(e)), false);
        e.visit_columns(&mut |i| read[i] = true);
    }
    move |i| read.get(i).copied().unwrap_or(false)
}

/// The conditions seen from the other side.
fn turn(conditions: &Conditions, width: usize, other: usize) -> Conditions {
    let equalities =
        conditions.equalities.iter().map(|e| Equality { left: e.right.clone(), right: e.left.clone(), nulls: e.nulls });
    let rest = conditions.rest.iter().map(|e| {
        let mut e = e.clone();
        e.map_columns(&mut |i| if i < width { i + other } else { i - width });
        e
    });
    Conditions { equalities: equalities.collect(), rest: rest.collect() }
}
