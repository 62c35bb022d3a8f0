//! Expressions of the registry's examples, of types that programs have and without errors on many values.

use crate::registry::{Piece, circuit, columns_of, rows, templates};
use crate::types::Ty;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_row::SqlType;
use weir_sql::Passes;

/// An example whose literals can be replaced by expressions.
#[derive(Debug)]
pub struct Template {
    pub ty: Ty,
    pub pieces: Vec<Piece>,
}

/// All templates.
#[derive(Debug)]
pub struct Registry {
    pub templates: Vec<Template>,
}

fn type_of(sql: &SqlType) -> Option<Ty> {
    Some(match sql {
        SqlType::Boolean => Ty::Bool,
        SqlType::Integer => Ty::Int,
        SqlType::BigInt => Ty::Big,
        SqlType::Decimal { .. } => Ty::Dec,
        SqlType::Double => Ty::Double,
        SqlType::Varchar(_) => Ty::Text,
        SqlType::Date => Ty::Date,
        SqlType::Timestamp => Ty::Ts,
        SqlType::Variant => Ty::Variant,
        SqlType::Array(of) if **of == SqlType::Integer => Ty::Ints,
        _ => return None,
    })
}

/// The type of what stands in a hole.
pub fn hole_type(hole: &str) -> Option<Ty> {
    Some(match hole {
        "INTEGER" => Ty::Int,
        "BIGINT" => Ty::Big,
        "DECIMAL" => Ty::Dec,
        "DOUBLE" => Ty::Double,
        "VARCHAR" => Ty::Text,
        "DATE" => Ty::Date,
        "TIMESTAMP" => Ty::Ts,
        "TIME" => Ty::Time,
        "BOOLEAN" => Ty::Bool,
        "VARBINARY" => Ty::Bytes,
        "INTEGER ARRAY" => Ty::Ints,
        "VARCHAR ARRAY" => Ty::Texts,
        "VARIANT" => Ty::Variant,
        _ => return None,
    })
}

impl Registry {
    /// Those that compile and do not fail with columns of random rows in place of their literals.
    pub fn new(seed: u64) -> Registry {
        let all: ZSet = rows(seed).into_iter().map(|row| (row, 1)).collect();
        let template = |pieces: Vec<Piece>| {
            let filled = |p: &Piece| match p {
                Piece::Text(text) => text.clone(),
                Piece::Hole(hole, literal) => {
                    columns_of(hole).first().map_or(literal.clone(), std::string::ToString::to_string)
                }
            };
            let sql: String = pieces.iter().map(filled).collect();
            if sql.contains("SELECT") {
                return None;
            }
            let circuit = circuit(&sql, Passes::NONE).filter(|c| c.tables.len() == 1)?;
            let ty = type_of(&circuit.views[0].columns[1].ty.sql)?;
            evaluate(&circuit, std::slice::from_ref(&all)).ok()?;
            Some(Template { ty, pieces })
        };
        Registry { templates: templates().into_iter().filter_map(template).collect() }
    }
}
