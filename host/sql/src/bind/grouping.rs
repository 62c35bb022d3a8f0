//! GROUPING SETS, ROLLUP and CUBE: which keys each set of groups has. Each set is an aggregation of its own; together they are a union, in
//! which the keys that a set has not got are NULL.

use super::expr::Cx;
use super::group::{Aggregates, Groups, has_aggregate, ordinal};
use super::items::Item;
use super::scope::Scope;
use super::subquery::Subqueries;
use super::{Binder, Bound, COLUMNS_MAX, Reported, position};
use crate::Span;
use crate::expr::{bigint, null, size};
use crate::parse::{GROUP_BY_DISTINCT, fold, span};
use crate::plan::RelId;
use sqlparser::ast::{self, FunctionArguments, GroupByExpr, SelectItem, Spanned};
use weir_circuit::Expr;
use weir_row::ColumnType;

/// Most grouping sets of a query; each is an aggregation with a state of its own.
const SETS_MAX: usize = 256;
/// What a set counts for beside its expressions, of the operators that a program may become by repetition: it is an operator with state.
const SET_OPERATORS: usize = 100;
/// Most keys of all sets together. Keys are compared with one another.
const KEYS_MAX: usize = COLUMNS_MAX;
/// Most arguments of GROUPING: a bit each, of a BIGINT.
const ARGUMENTS_MAX: usize = 63;

/// The keys of one set, as they are written.
type Set<'e> = Vec<&'e ast::Expr>;

/// GROUP BY with a list of keys, as it is written.
pub(super) struct Written<'e> {
    sets: Vec<Set<'e>>,
    /// GROUP BY DISTINCT: sets that are there twice count once.
    distinct: bool,
}

/// GROUP BY over the columns of FROM.
#[derive(Debug)]
pub(super) struct Grouping {
    /// All keys, each once.
    pub(super) keys: Vec<Expr>,
    /// Which of them each set has.
    sets: Vec<Vec<usize>>,
}

impl Grouping {
    /// All keys in one set.
    pub(super) fn plain(keys: Vec<Expr>) -> Grouping {
        Grouping { sets: vec![(0..keys.len()).collect()], keys }
    }

    /// Whether an expression is a key.
    pub(super) fn has(&self, e: &Expr) -> bool {
        self.keys.iter().any(|k| k.same(e))
    }
}

/// Whether a key is in every set.
fn everywhere<'e>(sets: &[Set<'e>], key: &'e ast::Expr) -> bool {
    sets.iter().all(|set| set.contains(&key))
}

impl<'e> Written<'e> {
    /// What GROUP BY says that may be absent from a group: keys that are not in every set, and what they name in the SELECT list.
    pub(super) fn optional(&self, projection: &'e [SelectItem]) -> Vec<ast::Expr> {
        let mut out: Vec<ast::Expr> = vec![];
        if self.sets.len() == 1 {
            return out;
        }
        let mut keys: Vec<&ast::Expr> = vec![];
        for key in self.sets.iter().flatten() {
            if !keys.contains(key) {
                keys.push(key);
            }
        }
        for key in keys.into_iter().filter(|k| !everywhere(&self.sets, k)) {
            let named = projection.iter().enumerate().filter_map(|(i, item)| match item {
                SelectItem::UnnamedExpr(e) => (ordinal(key) == Some(i + 1)).then_some(e),
                SelectItem::ExprWithAlias { expr, alias } => {
                    let by_name = matches!(key, ast::Expr::Identifier(ident) if fold(ident) == fold(alias));
                    (by_name || ordinal(key) == Some(i + 1)).then_some(expr)
                }
                _ => None,
            });
            for e in named.chain([key]).filter(|e| ordinal(e).is_none()) {
                if !out.contains(e) {
                    out.push(e.clone());
                }
            }
        }
        out
    }
}

impl Binder<'_> {
    /// The sets of a GROUP BY; `None` if it has no list of keys.
    pub(super) fn grouping_sets<'e>(&mut self, group_by: &'e GroupByExpr) -> Bound<Option<Written<'e>>> {
        let at = span(group_by.span());
        let (exprs, modifiers) = match group_by {
            GroupByExpr::All(modifiers) => (None, modifiers),
            GroupByExpr::Expressions(exprs, modifiers) => (Some(exprs), modifiers),
        };
        if !modifiers.is_empty() {
            let hint = "write GROUP BY GROUPING SETS (..), ROLLUP (..) or CUBE (..)";
            return Err(self.error_hint(at, "this form of GROUP BY is not part of the language", hint));
        }
        let Some(exprs) = exprs else { return Ok(None) };
        let marked = |e: &ast::Expr| matches!(e, ast::Expr::Identifier(i) if i.quote_style == Some(GROUP_BY_DISTINCT));
        let distinct = exprs.first().is_some_and(marked);
        let mut sets: Vec<Set<'e>> = vec![vec![]];
        for e in exprs.iter().skip(usize::from(distinct)) {
            // Elements side by side: each set of the one with each of the other.
            let element = self.element(e)?;
            self.bounded_sets(sets.len().saturating_mul(element.len()), at)?;
            let added = element.iter().map(Vec::len).sum::<usize>() * sets.len();
            let total = sets.iter().map(Vec::len).sum::<usize>() * element.len() + added;
            if total > KEYS_MAX {
                let message = format!("GROUP BY names {total} keys in all of its sets; at most {KEYS_MAX} are allowed");
                return Err(self.error(at, message));
            }
            sets = sets.iter().flat_map(|s| element.iter().map(|more| [s.as_slice(), more].concat())).collect();
        }
        Ok(Some(Written { sets, distinct }))
    }

    fn bounded_sets(&mut self, sets: usize, at: Span) -> Bound<()> {
        if sets <= SETS_MAX {
            return Ok(());
        }
        Err(self.error(at, format!("GROUP BY makes {sets} grouping sets; at most {SETS_MAX} are allowed")))
    }

    /// The sets of an element of GROUP BY.
    fn element<'e>(&mut self, e: &'e ast::Expr) -> Bound<Vec<Set<'e>>> {
        match e {
            ast::Expr::Tuple(keys) => Ok(vec![keys.iter().collect()]),
            ast::Expr::Rollup(keys) => self.rollup(keys.iter().map(|k| k.iter().collect()).collect(), span(e.span())),
            ast::Expr::Cube(keys) => self.cube(keys.iter().map(|k| k.iter().collect()).collect(), span(e.span())),
            ast::Expr::GroupingSets(elements) => {
                let mut sets = vec![];
                for keys in elements {
                    match keys.as_slice() {
                        [nested @ ast::Expr::Function(_)] => sets.extend(self.element(nested)?),
                        keys => sets.push(keys.iter().collect()),
                    }
                    self.bounded_sets(sets.len(), span(e.span()))?;
                }
                Ok(sets)
            }
            // ROLLUP and CUBE within GROUPING SETS look like calls.
            ast::Expr::Function(f) => {
                let name = f.name.to_string().to_lowercase();
                let FunctionArguments::List(list) = &f.args else { return Ok(vec![vec![e]]) };
                if !matches!(name.as_str(), "rollup" | "cube") {
                    return Ok(vec![vec![e]]);
                }
                let at = span(e.span());
                let args = self.plain_arguments(list, at)?;
                let keys = args.into_iter().map(|a| match a {
                    ast::Expr::Tuple(keys) => keys.iter().collect(),
                    ast::Expr::Nested(key) => vec![key.as_ref()],
                    key => vec![key],
                });
                if name == "rollup" { self.rollup(keys.collect(), at) } else { self.cube(keys.collect(), at) }
            }
            e => Ok(vec![vec![e]]),
        }
    }

    /// All prefixes, the longest first.
    fn rollup<'e>(&mut self, keys: Vec<Set<'e>>, at: Span) -> Bound<Vec<Set<'e>>> {
        self.bounded_sets(keys.len() + 1, at)?;
        Ok((0..=keys.len()).rev().map(|n| keys[..n].concat()).collect())
    }

    /// All subsets, the whole first.
    fn cube<'e>(&mut self, keys: Vec<Set<'e>>, at: Span) -> Bound<Vec<Set<'e>>> {
        let sets = u32::try_from(keys.len()).ok().and_then(|n| 1usize.checked_shl(n)).unwrap_or(usize::MAX);
        self.bounded_sets(sets, at)?;
        let has = |set: usize, i: usize| set >> (keys.len() - 1 - i) & 1 == 1;
        let subset = |set| (0..keys.len()).filter(|i| has(set, *i)).flat_map(|i| keys[i].clone()).collect();
        Ok((0..sets).rev().map(subset).collect())
    }

    /// The keys over the columns of FROM.
    pub(super) fn group_keys(
        &mut self,
        written: Option<&Written<'_>>,
        scope: &Scope,
        items: &[Item],
        subqueries: &Subqueries,
        below: &mut Subqueries,
    ) -> Bound<Grouping> {
        let Some(written) = written else {
            // GROUP BY ALL
            let mut distinct: Vec<Expr> = vec![];
            for item in items.iter().filter(|i| !has_aggregate(&i.expr)) {
                let key = self.joined_before(item.expr.clone(), subqueries, below, item.column.span)?;
                place(&mut distinct, key);
            }
            return Ok(Grouping::plain(distinct));
        };
        let aliases: Vec<(String, Expr)> = items.iter().map(|i| (i.column.name.clone(), i.expr.clone())).collect();
        let mut known: Vec<(&ast::Expr, Bound<usize>)> = vec![];
        let mut grouping = Grouping { keys: vec![], sets: vec![] };
        let mut failed = false;
        for set in &written.sets {
            let mut places = vec![];
            for e in set {
                let found = known.iter().find(|(k, _)| k == e).map(|(_, place)| *place);
                let bound = found.unwrap_or_else(|| {
                    let key = self.group_key(e, scope, items, &aliases, below);
                    let key = key.and_then(|key| self.joined_before(key, subqueries, below, span(e.span())));
                    let bound = key.map(|key| place(&mut grouping.keys, key));
                    known.push((e, bound));
                    bound
                });
                match bound {
                    Ok(i) if places.contains(&i) => {}
                    Ok(i) => places.push(i),
                    Err(_) => failed = true,
                }
            }
            let same = |other: &Vec<usize>| other.len() == places.len() && other.iter().all(|i| places.contains(i));
            if !(written.distinct && grouping.sets.iter().any(same)) {
                grouping.sets.push(places);
            }
        }
        if failed { Err(Reported) } else { Ok(grouping) }
    }

    /// A key that is an item of the SELECT list: its subqueries are joined before grouping.
    fn joined_before(&mut self, key: Expr, from: &Subqueries, below: &mut Subqueries, at: Span) -> Bound<Expr> {
        match below.adopt(from, &key, true) {
            Some(key) => Ok(key),
            None => Err(self.error(at, "a group's key cannot be a window function")),
        }
    }

    fn group_key(
        &mut self,
        e: &ast::Expr,
        scope: &Scope,
        items: &[Item],
        aliases: &[(String, Expr)],
        below: &mut Subqueries,
    ) -> Bound<Expr> {
        let at = span(e.span());
        let key = match ordinal(e) {
            Some(n) => match items.get(n.wrapping_sub(1)) {
                Some(item) => item.expr.clone(),
                None => return Err(self.error(at, format!("GROUP BY {n}: there are {} columns", items.len()))),
            },
            None => {
                let mut cx = Cx { scope, aliases, aggregates: None, subqueries: Some(below), clause: "GROUP BY" };
                self.expr(e, &mut cx)?
            }
        };
        if has_aggregate(&key) {
            return Err(self.error(at, "a group's key cannot be an aggregate"));
        }
        Ok(key)
    }

    /// GROUPING(e, ..): a bit for each argument, the last one's the lowest, set where it is aggregated away.
    pub(crate) fn grouping(&mut self, name: &str, args: &[&ast::Expr], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let name = name.to_uppercase();
        if cx.aggregates.is_none() {
            return Err(self.error(at, format!("{name} cannot stand in {}", cx.clause)));
        }
        if args.is_empty() || args.len() > ARGUMENTS_MAX {
            return Err(
                self.error(at, format!("{name} takes 1 to {ARGUMENTS_MAX} arguments, but here are {}", args.len()))
            );
        }
        let mut inner =
            Cx { scope: cx.scope, aliases: cx.aliases, aggregates: None, subqueries: None, clause: "GROUPING" };
        let bound = self.many(args.iter().copied(), &mut inner)?;
        // Checked above.
        let aggregates = cx.aggregates.as_deref_mut().ok_or(Reported)?;
        Ok(aggregates.add_grouping(bound, position(at)))
    }

    /// The aggregation: for each group its keys, the aggregates, and the values of GROUPING.
    pub(super) fn aggregation(
        &mut self,
        rel: RelId,
        grouping: Grouping,
        mut aggregates: Aggregates,
        scope: &Scope,
        at: Span,
    ) -> Bound<(RelId, Groups)> {
        let Grouping { keys, sets } = grouping;
        // Subqueries of keys and of aggregates' arguments are joined first.
        let below = std::mem::replace(&mut aggregates.below, Subqueries::below());
        let mut placed = keys.clone();
        let calls = aggregates.calls.iter_mut().flat_map(|c| c.inputs.iter_mut().chain(&mut c.within));
        let mut exprs: Vec<&mut Expr> = placed.iter_mut().chain(calls).collect();
        let rel = self.attach(rel, below, &mut exprs, &mut |_, e| Ok(e.clone()))?;
        let Aggregates { calls, groupings, .. } = aggregates;
        // Which keys the arguments of each GROUPING are.
        let mut asked: Vec<Vec<usize>> = vec![];
        let mut failed = false;
        for arguments in &groupings {
            let mut places = vec![];
            for (e, at) in arguments {
                match keys.iter().position(|k| k.same(e)) {
                    Some(i) => places.push(i),
                    None => {
                        self.error(*at, "an argument of GROUPING must be a key of GROUP BY");
                        failed = true;
                    }
                }
            }
            asked.push(places);
        }
        if failed {
            return Err(Reported);
        }
        let types: Vec<ColumnType> = keys
            .iter()
            .enumerate()
            .map(|(i, k)| {
                let optional = sets.iter().any(|s| !s.contains(&i));
                ColumnType { sql: k.ty.sql.clone(), nullable: k.ty.nullable || optional }
            })
            .collect();
        if sets.len() > 1 {
            let reads: usize = calls.iter().flat_map(|c| c.reads()).map(size).sum();
            let columns = keys.len() + calls.len() + groupings.len();
            self.repeated(sets.len() * (SET_OPERATORS + columns + reads), at, "GROUP BY")?;
        }
        let groups = Groups { keys, types, calls: calls.len(), scope: scope.clone() };
        let mut inputs = vec![];
        for set in &sets {
            let of_set: Vec<Expr> = set.iter().map(|i| placed[*i].clone()).collect();
            let one = self.plan.aggregate(rel, of_set, calls.clone(), set.is_empty());
            let columns = self.plan.columns(one).to_vec();
            let key = |i: usize| match set.iter().position(|s| *s == i) {
                Some(at) => Expr::column(at, groups.types[i].clone()),
                None => null(groups.types[i].sql.clone()),
            };
            let mut exprs: Vec<Expr> = (0..groups.keys.len()).map(key).collect();
            exprs.extend((set.len()..columns.len()).map(|i| Expr::column(i, columns[i].clone())));
            exprs.extend(asked.iter().map(|places| {
                let bit = |id: i64, i: &usize| id << 1 | i64::from(!set.contains(i));
                bigint(places.iter().fold(0, bit))
            }));
            inputs.push(self.plan.project(one, exprs));
        }
        Ok((self.plan.union(inputs), groups))
    }
}

/// The place of a key among those before it, or a new one.
fn place(keys: &mut Vec<Expr>, key: Expr) -> usize {
    keys.iter().position(|k| k.same(&key)).unwrap_or_else(|| {
        keys.push(key);
        keys.len() - 1
    })
}

/// What is used of the columns of FROM when some of the keys may be absent: these keys are nullable.
pub(super) fn nullable_keys(scope: &Scope, optional: &[ast::Expr]) -> Scope {
    let mut scope = scope.clone();
    for key in optional {
        let (relation, name) = match key {
            ast::Expr::Identifier(name) => (None, name),
            ast::Expr::CompoundIdentifier(parts) if parts.len() == 2 => (Some(fold(&parts[0])), &parts[1]),
            _ => continue,
        };
        let name = fold(name);
        for c in scope.columns.iter_mut().filter(|c| c.name == name && (relation.is_none() || c.relation == relation)) {
            c.expr.ty.nullable = true;
        }
    }
    scope
}
