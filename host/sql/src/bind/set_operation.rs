//! UNION, EXCEPT, INTERSECT.

use super::{Binder, Bound, OutputColumn, common_type, position};
use crate::expr::not_distinct;
use crate::parse::span;
use crate::plan::{JoinKind, RelId};
use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier, Spanned};
use weir_circuit::Expr;
use weir_row::ColumnType;

impl Binder<'_> {
    pub(super) fn set_operation(
        &mut self,
        left: &SetExpr,
        op: SetOperator,
        quantifier: SetQuantifier,
        right: &SetExpr,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (l, r) = (self.body(left), self.body(right));
        let ((l, lc), (r, rc)) = (l?, r?);
        let at = span(right.span());
        if lc.len() != rc.len() {
            let message = format!("{op} of a query of {} columns and one of {}", lc.len(), rc.len());
            return Err(self.error(at, message));
        }
        let all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::Distinct | SetQuantifier::None => false,
            _ => return Err(self.error(at, format!("{op} {quantifier} is not part of the language"))),
        };
        let mut columns = vec![];
        for (a, b) in lc.into_iter().zip(&rc) {
            let Some(sql) = common_type(&a.ty.sql, &b.ty.sql) else {
                let message = format!("column '{}' of {op} is {} here and {} there", a.name, a.ty.sql, b.ty.sql);
                return Err(self.error(b.span, message));
            };
            let nullable = a.ty.nullable || b.ty.nullable;
            columns.push(OutputColumn { ty: ColumnType { sql, nullable }, ..a });
        }
        let (l, r) = (self.converted(l, &columns, at)?, self.converted(r, &columns, at)?);
        let rel = match op {
            SetOperator::Union => {
                let union = self.plan.union(vec![l, r]);
                if all { union } else { self.plan.distinct(union) }
            }
            SetOperator::Except | SetOperator::Minus if all => self.difference(l, r),
            // What is left of the left without what is only there.
            SetOperator::Intersect if all => {
                let only_left = self.difference(l, r);
                self.difference(l, only_left)
            }
            SetOperator::Except | SetOperator::Minus => self.row_match(l, r, JoinKind::Anti),
            SetOperator::Intersect => self.row_match(l, r, JoinKind::Semi),
        };
        Ok((rel, columns))
    }

    /// A relation with its columns converted to these types.
    pub(super) fn converted(&mut self, rel: RelId, columns: &[OutputColumn], at: crate::Span) -> Bound<RelId> {
        let types = self.plan.columns(rel).to_vec();
        let mut exprs = vec![];
        for (i, (ty, to)) in types.into_iter().zip(columns).enumerate() {
            let e = Expr::column(i, ty);
            // The physical type of a column of NULLs says nothing.
            let mut e = if to.ty.sql == weir_row::SqlType::Null { e } else { self.coerce_column(e, &to.ty, at)? };
            e.ty.nullable |= to.ty.nullable;
            exprs.push(e);
        }
        Ok(self.plan.project(rel, exprs))
    }

    fn coerce_column(&mut self, e: Expr, to: &ColumnType, at: crate::Span) -> Bound<Expr> {
        match super::cast::cast(e, &to.sql, position(at)) {
            Some(e) => Ok(e),
            // A column of NULLs is kept as a BOOLEAN.
            None => Ok(crate::expr::null(to.sql.clone())),
        }
    }

    /// Rows of the left as often as they are there more often than on the right.
    fn difference(&mut self, left: RelId, right: RelId) -> RelId {
        let taken = self.plan.negate(right);
        let union = self.plan.union(vec![left, taken]);
        self.plan.positive(union)
    }

    /// Distinct left rows that have, or have not, an equal right row; NULLs are equal.
    fn row_match(&mut self, left: RelId, right: RelId, kind: JoinKind) -> RelId {
        let columns = self.plan.columns(left).to_vec();
        let n = columns.len();
        let on = columns
            .into_iter()
            .enumerate()
            .map(|(i, ty)| {
                not_distinct(Expr::column(i, ty.clone()), Expr::column(n + i, ty), weir_circuit::Position::NONE)
            })
            .collect();
        let left = self.plan.distinct(left);
        self.plan.join(left, right, kind, on)
    }
}
