//! What must hold of a circuit, whoever made it. The runtime checks circuits that it is given; the front end's tests check
//! what it makes.

mod scope;

use crate::{AggregateFunction, AggregateMethod, Circuit, Column, ColumnDefault, Expr, ExprOp, Node, NodeId, Op};
use weir_row::{ColumnType, DECIMAL_PRECISION_ONE_WORD, Kind, SqlType, Value, item};

/// What a lambda's body may read: its parameters, as items.
pub const LAMBDA_PARAMETERS: [ColumnType; 2] =
    [ColumnType::nullable(SqlType::Variant), ColumnType::nullable(SqlType::Variant)];

/// Deepest nesting of an expression.
pub const EXPRESSION_DEPTH_MAX: usize = 2_000;

impl Circuit {
    /// Checks the structure: inputs come before their users, keyed inputs are indexes with the traces that operators need,
    /// expressions read columns that exist at their kinds, rows have the declared columns.
    ///
    /// # Errors
    ///
    /// The first thing that does not hold, with the node where.
    pub fn check(&self) -> Result<(), String> {
        for (t, table) in self.tables.iter().enumerate() {
            let n = table.columns.len();
            if table.primary_key.as_ref().is_some_and(|k| k.is_empty() || k.iter().any(|c| *c >= n)) {
                return Err(format!("table {t}: primary key out of range"));
            }
            for column in &table.columns {
                default(column).map_err(|e| format!("table {t}: the default of '{}': {e}", column.name))?;
            }
        }
        let scopes = self.check_scopes()?;
        let only_inserts = self.only_inserts();
        let mut put_out = vec![false; self.views.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for input in node.op.inputs() {
                if input >= id {
                    return Err(format!("node {id}: input {input} does not come before it"));
                }
                if matches!(self.nodes[input].op, Op::Retain { .. }) {
                    return Err(format!("node {id}: input {input} puts nothing out"));
                }
                if matches!(self.nodes[input].op, Op::Index { ordered: true, .. }) && !self.reads_ordered(node, input) {
                    return Err(format!("node {id}: input {input} is in order, which it cannot read"));
                }
            }
            let within = |()| self.check_within(id, &scopes);
            self.node(node, &only_inserts)
                .and_then(within)
                .map_err(|e| format!("node {id} ({}): {e}", node.op.name()))?;
            if let Op::Output { view, .. } = node.op
                && std::mem::replace(&mut put_out[view], true)
            {
                return Err(format!("node {id}: view {view} has two outputs"));
            }
        }
        match put_out.iter().position(|seen| !seen) {
            Some(view) => Err(format!("view {view} has no output")),
            None => Ok(()),
        }
    }

    /// The columns of a node's rows: the key's, then the value's.
    pub fn columns(&self, id: NodeId) -> Vec<ColumnType> {
        self.nodes[id].columns()
    }

    fn node(&self, node: &Node, only_inserts: &[bool]) -> Result<(), String> {
        // What was needs not be known where nothing of it goes.
        let traced_unless = |input: NodeId, alone: bool| match alone && only_inserts[input] {
            true => Ok(()),
            false => self.traced(input),
        };
        let flat = || require(node.key.is_empty(), "its output must be flat");
        match &node.op {
            Op::Table { table } => {
                let table = self.tables.get(*table).ok_or("unknown table")?;
                let key = table.primary_key.clone().unwrap_or_default();
                same(&node.key, key.iter().map(|c| &table.columns[*c].ty), "key")?;
                same(&node.value, table.value_columns().iter().map(|c| &table.columns[*c].ty), "columns")
            }
            Op::Constant { rows } => {
                flat()?;
                for row in rows {
                    require(row.len() == node.value.len(), "a row of another length")?;
                    for (value, ty) in row.iter().zip(&node.value) {
                        literal(value, ty)?;
                    }
                }
                Ok(())
            }
            Op::Map { input, filter, project } => {
                flat()?;
                let columns = self.columns(*input);
                predicate(filter.as_ref(), &columns)?;
                projection(project, &columns, &node.value)
            }
            Op::Index { input, filter, key, value, .. } => {
                let columns = self.columns(*input);
                predicate(filter.as_ref(), &columns)?;
                projection(key, &columns, &node.key)?;
                projection(value, &columns, &node.value)
            }
            Op::Join { left, right, filter, project } => {
                flat()?;
                let columns = self.pair(*left, *right)?;
                predicate(filter.as_ref(), &columns)?;
                projection(project, &columns, &node.value)
            }
            Op::SemiJoin { left, right, condition, project, .. } => {
                flat()?;
                predicate(condition.as_ref(), &self.pair(*left, *right)?)?;
                projection(project, &self.columns(*left), &node.value)
            }
            Op::Distinct { input, .. } => {
                self.traced(*input)?;
                let input = &self.nodes[*input];
                require(node.key == input.key && node.value == input.value, "its columns must be its input's")
            }
            Op::Aggregate { parts, filter, project, .. } => {
                flat()?;
                let first = parts.first().ok_or("no parts")?;
                let counts = first.aggregates.iter().any(|a| a.function == AggregateFunction::CountRows);
                require(counts && first.method == AggregateMethod::Linear, "the first part must count rows")?;
                let mut columns = self.nodes[first.input].key.clone();
                let keys = columns.len();
                for part in parts {
                    let input = &self.nodes[part.input];
                    require(matches!(input.op, Op::Index { .. } | Op::Distinct { .. }), "a part's input is not keyed")?;
                    if part.method != AggregateMethod::Linear {
                        traced_unless(part.input, part.method == AggregateMethod::Extreme)?;
                    }
                    same_layout(&input.key, &columns[..keys])?;
                    require(!part.aggregates.is_empty(), "a part without aggregates")?;
                    for aggregate in &part.aggregates {
                        match &aggregate.function {
                            AggregateFunction::ArgMin | AggregateFunction::ArgMax => {
                                require(part.method == AggregateMethod::Extreme, "ARG_MIN and ARG_MAX are extremes")?;
                                let ordered = matches!(input.op, Op::Index { ordered: true, .. });
                                require(
                                    ordered && input.value.len() == 2,
                                    "an input that is not a key and a value in order",
                                )?;
                                require(input.value.iter().all(|c| c.nullable), "a key or value that is not nullable")?;
                            }
                            AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::Mode => {
                                let mode = aggregate.function == AggregateFunction::Mode;
                                let method = if mode { AggregateMethod::Fold } else { AggregateMethod::Extreme };
                                require(part.method == method, "MIN and MAX are extremes, MODE is a fold")?;
                                require(input.value.len() == 1, "MIN, MAX and MODE read one value column")?;
                            }
                            AggregateFunction::BitXor(e) => {
                                require(part.method == AggregateMethod::Linear, "BIT_XOR is linear")?;
                                expression(e, &input.columns(), 0)?;
                            }
                            AggregateFunction::Reduce { argument, .. } => {
                                require(part.method == AggregateMethod::Fold, "what a kernel puts together is a fold")?;
                                require(argument.ty.sql.kind() == aggregate.ty.sql.kind(), "a result of another kind")?;
                                expression(argument, &input.columns(), 0)?;
                            }
                            AggregateFunction::User { function, argument } => {
                                require(part.method == AggregateMethod::Fold, "a function over a group is a fold")?;
                                let known = self.functions.get(*function).is_some_and(|f| f.aggregate);
                                require(known, "an unknown aggregate")?;
                                expression(argument, &input.columns(), 0)?;
                            }
                            AggregateFunction::Collect { values, .. } => {
                                require(part.method == AggregateMethod::Fold, "what collects is a fold")?;
                                let ordered = matches!(input.op, Op::Index { ordered: true, .. });
                                require(ordered, "what collects reads rows in order")?;
                                let wanted = match aggregate.ty.sql {
                                    SqlType::Array(_) => 1,
                                    SqlType::Map(..) => 2,
                                    _ => 0,
                                };
                                require(values.len() == wanted && wanted > 0, "neither an array nor a map")?;
                                values.iter().try_for_each(|e| expression(e, &input.columns(), 0))?;
                            }
                            AggregateFunction::CountRows => {}
                            AggregateFunction::Count(e) | AggregateFunction::Sum(e) | AggregateFunction::Avg(e) => {
                                expression(e, &input.columns(), 0)?;
                            }
                        }
                        if aggregate.is_chosen() {
                            require(
                                part.aggregates.len() == 1,
                                "MIN, MAX, ARG_MIN, ARG_MAX and MODE have a part each",
                            )?;
                            let nullable = |ty: &ColumnType| ColumnType::nullable(ty.sql.clone());
                            let value = input.value.last().map(nullable);
                            let fits = value.is_some_and(|v| same_words(&v, &nullable(&aggregate.ty)));
                            require(fits, "a value of another type than its column")?;
                        }
                        columns.push(aggregate.ty.clone());
                    }
                }
                predicate(filter.as_ref(), &columns)?;
                projection(project, &columns, &node.value)
            }
            Op::Union { inputs } => {
                flat()?;
                require(!inputs.is_empty(), "no inputs")?;
                inputs.iter().try_for_each(|i| same_layout(&self.columns(*i), &node.value))
            }
            Op::Rank { input, order, upto, project, .. } => {
                flat()?;
                traced_unless(*input, upto.is_some())?;
                require(
                    matches!(self.nodes[*input].op, Op::Index { ordered: true, .. }),
                    "its input must be in order",
                )?;
                require(*order <= self.nodes[*input].value.len(), "an order by columns that are not there")?;
                let mut columns = self.columns(*input);
                columns.push(ColumnType::not_null(SqlType::BigInt));
                projection(project, &columns, &node.value)
            }
            Op::Window { input, order, sums, frames, project } => {
                flat()?;
                self.traced(*input)?;
                let index = &self.nodes[*input];
                require(matches!(index.op, Op::Index { ordered: true, .. }), "its input must be in order")?;
                let user = |f: usize| self.functions.get(f).is_some_and(|f| f.aggregate);
                let results = crate::frame::check(index, *order, sums, frames, &user)?;
                projection(project, &[index.columns(), results].concat(), &node.value)
            }
            Op::Unnest { input } => {
                flat()?;
                require(self.nodes[*input].key.is_empty(), "its input must be flat")?;
                let mut columns = self.columns(*input);
                let array = columns.pop().ok_or("an input without columns")?;
                require(array.sql.kind() == Some(Kind::Item), "a last column that is no array")?;
                columns.push(ColumnType::nullable(SqlType::Variant));
                columns.push(ColumnType::not_null(SqlType::Integer));
                same_layout(&columns, &node.value)
            }
            Op::Negate { input } => {
                flat()?;
                same_layout(&self.columns(*input), &node.value)
            }
            // What they stand in is checked with their scope.
            Op::Import { input } => {
                let input = &self.nodes[*input];
                require(node.key == input.key && node.value == input.value, "its columns must be its input's")
            }
            Op::Variable { .. } => flat(),
            Op::Recursion { .. } => require(node.columns().is_empty(), "it has no columns"),
            Op::Export { input, index } => {
                flat()?;
                let Op::Recursion { exports, .. } = &self.nodes[*input].op else {
                    return Err("its input is no recursion".to_owned());
                };
                let exported = exports.get(*index).ok_or("an export that is not there")?;
                same_layout(&self.columns(*exported), &node.value)
            }
            Op::Now
            | Op::Within { .. }
            | Op::Session { .. }
            | Op::Late { .. }
            | Op::Dropped { .. }
            | Op::Waterline { .. }
            | Op::Least { .. }
            | Op::Retain { .. } => self.of_time(node),
            Op::Output { input, view } => {
                let view = self.views.get(*view).ok_or("unknown view")?;
                let columns: Vec<_> = view.columns.iter().map(|c| c.ty.clone()).collect();
                same_layout(&self.columns(*input), &columns)
            }
        }
    }

    /// Whether a node reads an index in order as one.
    fn reads_ordered(&self, node: &Node, index: NodeId) -> bool {
        if let Op::Rank { .. } | Op::Window { .. } | Op::Session { .. } | Op::Retain { .. } = node.op {
            return true;
        }
        let Op::Aggregate { parts, .. } = &node.op else { return false };
        parts.iter().filter(|p| p.input == index).all(|p| p.method != AggregateMethod::Linear)
    }

    /// Inputs with a trace are indexes that keep one, and tables with a primary key, which always do.
    ///
    /// # Errors
    /// That it keeps none.
    pub fn traced(&self, id: NodeId) -> Result<(), String> {
        let holds = match self.nodes[id].op {
            Op::Index { trace, .. } => trace,
            Op::Table { table } => self.tables[table].primary_key.is_some(),
            // What is imported is checked before it is.
            Op::Import { input } => return self.traced(input),
            _ => false,
        };
        require(holds, "an input keeps no trace")
    }

    fn pair(&self, left: NodeId, right: NodeId) -> Result<Vec<ColumnType>, String> {
        self.traced(left)?;
        self.traced(right)?;
        let (l, r) = (&self.nodes[left], &self.nodes[right]);
        same_layout(&l.key, &r.key)?;
        Ok([l.key.as_slice(), &l.value, &r.value].concat())
    }
}

impl Node {
    /// The columns of the node's rows: the key's, then the value's.
    pub fn columns(&self) -> Vec<ColumnType> {
        [self.key.as_slice(), self.value.as_slice()].concat()
    }
}

pub(crate) fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_string()) }
}

fn same<'a>(a: &[ColumnType], b: impl Iterator<Item = &'a ColumnType>, what: &str) -> Result<(), String> {
    require(a.iter().eq(b), &format!("{what} other than declared"))
}

/// Whether columns of two types are laid out in the same words, value for value. Texts of all lengths are, decimals of as many
/// words, and, but for wide types, nullability makes no difference (see `weir-row`).
pub fn same_words(a: &ColumnType, b: &ColumnType) -> bool {
    let decimal_words = |ty: &SqlType| match ty {
        SqlType::Decimal { precision, scale } => Some((*precision > DECIMAL_PRECISION_ONE_WORD, *scale)),
        _ => None,
    };
    let (ka, kb) = (a.sql.kind(), b.sql.kind());
    let wide = matches!(ka, Some(Kind::I64 | Kind::U64 | Kind::Micros));
    ka == kb && decimal_words(&a.sql) == decimal_words(&b.sql) && (a.nullable == b.nullable || !wide)
}

pub(crate) fn same_layout(a: &[ColumnType], b: &[ColumnType]) -> Result<(), String> {
    require(a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same_words(x, y)), "columns of different layouts")
}

pub(crate) fn projection(exprs: &[Expr], columns: &[ColumnType], types: &[ColumnType]) -> Result<(), String> {
    same(types, exprs.iter().map(|e| &e.ty), "columns")?;
    exprs.iter().try_for_each(|e| expression(e, columns, 0))
}

fn predicate(filter: Option<&Expr>, columns: &[ColumnType]) -> Result<(), String> {
    let Some(filter) = filter else { return Ok(()) };
    require(filter.ty.sql == SqlType::Boolean, "a condition that is not BOOLEAN")?;
    expression(filter, columns, 0)
}

fn literal(value: &Value, ty: &ColumnType) -> Result<(), String> {
    match value.kind() {
        None => require(ty.nullable, "NULL in a column that is NOT NULL"),
        kind => {
            let formed = if let Value::Item(bytes) = value { item::validate(bytes) } else { true };
            require(kind == ty.sql.kind() && formed, "a constant of another kind than its type")
        }
    }
}

/// A default is evaluated by the host.
fn default(column: &Column) -> Result<(), String> {
    let Some(default) = &column.default else { return Ok(()) };
    literal(default.without_metadata(), &ColumnType { nullable: true, ..column.ty.clone() })?;
    if let ColumnDefault::OfMetadata { expr, .. } = default {
        require(expr.ty.sql.kind() == column.ty.sql.kind(), "an expression of another kind than the column")?;
        expression(expr, &[ColumnType::nullable(SqlType::Variant)], 0)?;
    }
    Ok(())
}

pub(crate) fn expression(e: &Expr, columns: &[ColumnType], depth: usize) -> Result<(), String> {
    require(depth < EXPRESSION_DEPTH_MAX, "an expression nested too deeply")?;
    require(e.ty.sql.kind().is_some(), "an expression of no representation")?;
    match &e.op {
        ExprOp::Column(i) => {
            let column = columns.get(*i).ok_or_else(|| format!("column #{i} of {}", columns.len()))?;
            // It may be read as NOT NULL where it is nullable: a filter says so, or an outer join's key was made to fit.
            require(column.sql.kind() == e.ty.sql.kind(), &format!("column #{i} read as another kind"))
        }
        ExprOp::Literal(v) => literal(v, &e.ty),
        ExprOp::Sequence(_) if e.ty.sql.kind() != Some(Kind::Item) => Err("a sequence that is no item".to_owned()),
        ExprOp::Lambda { over, body, .. } => {
            require(
                [&e.ty, &over.ty, &body.ty].iter().all(|t| t.sql.kind() == Some(Kind::Item)),
                "a lambda over or giving something else than items",
            )?;
            expression(over, columns, depth + 1)?;
            expression(body, &LAMBDA_PARAMETERS, depth + 1)
        }
        _ => e.children().into_iter().try_for_each(|c| expression(c, columns, depth + 1)),
    }
}
