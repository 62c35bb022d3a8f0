//! What must hold of the operators that know of time.

use crate::check::{expression, projection, require, same_layout};
use crate::{Circuit, Edge, Node, NodeId, Op, same_words};
use weir_row::{ColumnType, Kind, SqlType};

/// Most projections between a scalar and what it is made of: each is one of a query's, and they are fused.
const SCALAR_MAPS_MAX: usize = 100;

/// Whether words of one column compare as values of the type do, whatever else the row has: what a waterline may be of.
pub fn is_ordered_word(ty: &SqlType) -> bool {
    !matches!(ty.kind(), None | Some(Kind::Text | Kind::Uuid | Kind::Bytes | Kind::Item | Kind::Dec))
}

impl Circuit {
    pub(crate) fn of_time(&self, node: &Node) -> Result<(), String> {
        let flat = || require(node.key.is_empty(), "its output must be flat");
        let as_input = |input: NodeId| {
            let input = &self.nodes[input];
            require(node.key == input.key && node.value == input.value, "its columns must be its input's")
        };
        match &node.op {
            Op::Now => {
                flat()?;
                require(node.value == [ColumnType::not_null(SqlType::Timestamp)], "the time is a TIMESTAMP")
            }
            Op::Within { input, lower, upper, once } => {
                flat()?;
                let index = &self.nodes[*input];
                let fits = matches!(index.op, Op::Index { exchange: false, trace: false, ordered: false, .. });
                let by_one = index.key.len() == 1 && !index.key[0].nullable;
                require(fits && by_one, "an input that is no index by one column, NOT NULL")?;
                require(!once || lower.is_none() && upper.is_some(), "what is final is bounded from above alone")?;
                for edge in lower.iter().chain(upper) {
                    self.edge(edge, &index.key[0])?;
                }
                same_layout(&index.value, &node.value)
            }
            Op::Session { input, gap, project } => {
                flat()?;
                self.traced(*input)?;
                let index = &self.nodes[*input];
                require(matches!(index.op, Op::Index { ordered: true, .. }), "its input must be in order")?;
                let time = index.value.first().ok_or("an input without a time")?;
                require(*gap > 0 && !time.nullable && has_sessions(&time.sql), "no gap between such times")?;
                let mut columns = index.columns();
                columns.extend([time.clone(), time.clone()]);
                projection(project, &columns, &node.value)
            }
            Op::Late { input, columns, of_table } => {
                as_input(*input)?;
                if *of_table {
                    let keyed = matches!(self.nodes[*input].op, Op::Table { .. }) && self.traced(*input).is_ok();
                    require(keyed, "a table without a primary key")?;
                    let reads = |n: &&Node| !matches!(n.op, Op::Retain { .. }) && n.op.inputs().contains(input);
                    require(self.nodes.iter().filter(reads).count() == 1, "a table that others read as well")?;
                }
                let all = self.columns(*input);
                require(!columns.is_empty(), "no column with a lateness")?;
                for late in columns {
                    let column = all.get(late.column).ok_or("a lateness of no column")?;
                    require(is_ordered_word(&column.sql), "a lateness of a type that has none")?;
                    let nullable = ColumnType::nullable(column.sql.clone());
                    require(same_words(&late.waterline.ty, &nullable), "a waterline of another kind than its column")?;
                    expression(&late.waterline, &all, 0)?;
                }
                Ok(())
            }
            Op::Dropped { late } => {
                require(matches!(self.nodes[*late].op, Op::Late { .. }), "what drops nothing")?;
                as_input(*late)
            }
            Op::Waterline { late, column } => {
                flat()?;
                let Op::Late { columns, .. } = &self.nodes[*late].op else {
                    return Err("a waterline of nothing".into());
                };
                let column = columns.get(*column).ok_or("a waterline of no column")?;
                let ty = ColumnType::not_null(column.waterline.ty.sql.clone());
                require(node.value == [ty], "a waterline of another type than its column")
            }
            Op::Least { inputs } => {
                flat()?;
                require(!inputs.is_empty() && node.value.len() == 1, "no scalars")?;
                inputs.iter().try_for_each(|i| {
                    self.scalar(*i)?;
                    require(self.nodes[*i].value == node.value, "scalars of different types")
                })
            }
            Op::Retain { state, column, waterline } => {
                require(node.key.is_empty() && node.value.is_empty(), "it puts nothing out")?;
                let of = &self.nodes[*state];
                let (columns, keys) = (of.columns(), of.key.len());
                let bounded = match &of.op {
                    Op::Index { ordered, trace, .. } => {
                        require(*trace, "a state that is not kept")?;
                        // (Behind the first one of an index in order it depends on the row where a column is.)
                        require(!ordered || *column <= keys, "a later value column of an index in order")?;
                        columns.get(*column).cloned()
                    }
                    Op::Table { .. } => columns.get(*column).filter(|_| *column < keys).cloned(),
                    Op::Aggregate { parts, .. } => self.nodes[parts[0].input].key.get(*column).cloned(),
                    Op::Rank { input, .. } => {
                        require(self.traced(*input).is_err(), "a state that is not kept")?;
                        self.nodes[*input].key.get(*column).cloned()
                    }
                    _ => None,
                };
                let bounded = bounded.ok_or("a column of no state")?;
                self.edge(&Edge { scalar: *waterline, inclusive: true }, &bounded)
            }
            _ => Ok(()),
        }
    }

    /// A bound of a column.
    fn edge(&self, edge: &Edge, column: &ColumnType) -> Result<(), String> {
        self.scalar(edge.scalar)?;
        let scalar = &self.nodes[edge.scalar].value[0];
        let same = column.sql.kind() == scalar.sql.kind() && is_ordered_word(&column.sql);
        require(same, "a bound of another kind than its column")
    }

    /// Scalars are made of scalars, so that every worker has them.
    fn scalar(&self, id: NodeId) -> Result<(), String> {
        let node = &self.nodes[id];
        let one = node.key.is_empty() && node.value.len() == 1 && !node.value[0].nullable;
        require(one && is_ordered_word(&node.value[0].sql), "a scalar that is not one column, NOT NULL")?;
        let mut at = node;
        for _ in 0..SCALAR_MAPS_MAX {
            match &at.op {
                Op::Now | Op::Waterline { .. } | Op::Least { .. } => return Ok(()),
                Op::Map { input, filter: None, .. } => at = &self.nodes[*input],
                _ => break,
            }
        }
        Err("a bound that is no scalar".to_owned())
    }
}

/// Whether times of a type have sessions.
fn has_sessions(ty: &SqlType) -> bool {
    matches!(ty.kind(), Some(Kind::Ts | Kind::Tz | Kind::Date | Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64))
}
