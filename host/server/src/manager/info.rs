//! What the API tells of a compiled program: `program_info` and the messages of a wrong one.

use crate::connectors::{self, DeclaredConnectors};
use crate::controller::EndpointConfig;
use serde_json::Value;
use std::collections::BTreeMap;
use weir_catalog::{
    ColumnType as Typed, Field, PartialProgramInfo, ProgramMessage, ProgramSchema, PropertyValue,
    Relation as Catalogued, SourcePosition,
};
use weir_row::{ColumnType, SqlType};
use weir_sql::{Diagnostic, Program, Relation, Severity, Span};

/// A diagnostic in the API's form.
pub(super) fn message(d: &Diagnostic) -> ProgramMessage {
    ProgramMessage {
        start_line_number: d.start.line as usize,
        start_column: d.start.column as usize,
        end_line_number: d.end.line as usize,
        end_column: d.end.column as usize,
        warning: d.severity == Severity::Warning,
        error_type: d.kind.to_owned(),
        message: match &d.hint {
            Some(hint) => format!("{}\n{hint}", d.message),
            None => d.message.clone(),
        },
        // The API's messages of connectors have none.
        snippet: d.snippet.clone().filter(|_| d.kind != connectors::ERROR_KIND),
    }
}

/// The API's `program_info`.
pub(super) fn program_info(program: &Program, connectors: DeclaredConnectors) -> PartialProgramInfo {
    PartialProgramInfo {
        schema: ProgramSchema {
            inputs: program.tables.iter().map(relation).collect(),
            outputs: program.views.iter().map(relation).collect(),
        },
        udf_stubs: weir_sql::stubs(&program.circuit),
        input_connectors: shown(connectors.inputs),
        output_connectors: shown(connectors.outputs),
    }
}

fn shown(connectors: BTreeMap<String, EndpointConfig>) -> BTreeMap<String, Value> {
    connectors.into_iter().map(|(name, config)| (name, serde_json::to_value(config).unwrap_or_default())).collect()
}

fn relation(r: &Relation) -> Catalogued {
    let position = |span: &Span| SourcePosition {
        start_line_number: span.start.line as usize,
        start_column: span.start.column as usize,
        end_line_number: span.end.line as usize,
        end_column: span.end.column as usize,
    };
    let properties = r.properties.iter().map(|p| {
        let value = PropertyValue {
            value: p.value.clone(),
            key_position: position(&p.key_position),
            value_position: position(&p.value_position),
        };
        (p.key.clone(), value)
    });
    let fields = r.columns.iter().map(|c| Field {
        name: c.name.clone(),
        case_sensitive: c.case_sensitive,
        columntype: column_type(&c.ty),
        lateness: c.lateness.clone(),
        default: c.default.clone(),
        watermark: c.watermark.clone(),
    });
    Catalogued {
        name: r.name.clone(),
        case_sensitive: r.case_sensitive,
        fields: fields.collect(),
        materialized: r.materialized,
        properties: properties.collect(),
    }
}

fn column_type(ty: &ColumnType) -> Typed {
    let (name, precision, scale): (&str, Option<i64>, Option<i64>) = match &ty.sql {
        SqlType::Null => ("NULL", None, None),
        SqlType::Boolean => ("BOOLEAN", None, None),
        SqlType::TinyInt => ("TINYINT", None, None),
        SqlType::SmallInt => ("SMALLINT", None, None),
        SqlType::Integer => ("INTEGER", None, None),
        SqlType::BigInt => ("BIGINT", None, None),
        SqlType::UTinyInt => ("UTINYINT", None, None),
        SqlType::USmallInt => ("USMALLINT", None, None),
        SqlType::UInteger => ("UINTEGER", None, None),
        SqlType::UBigInt => ("UBIGINT", None, None),
        SqlType::Decimal { precision, scale } => ("DECIMAL", Some(i64::from(*precision)), Some(i64::from(*scale))),
        SqlType::Real => ("REAL", None, None),
        SqlType::Double => ("DOUBLE", None, None),
        SqlType::Char(n) => ("CHAR", Some(i64::from(*n)), None),
        SqlType::Varchar(n) => ("VARCHAR", Some(n.map_or(-1, i64::from)), None),
        SqlType::Date => ("DATE", None, None),
        SqlType::Time => ("TIME", Some(9), None),
        SqlType::Timestamp => ("TIMESTAMP", Some(6), None),
        SqlType::TimestampTz => ("TIMESTAMP_TZ", Some(6), None),
        SqlType::Binary(n) => ("BINARY", Some(i64::from(*n)), None),
        SqlType::Varbinary(n) => ("VARBINARY", Some(n.map_or(-1, i64::from)), None),
        SqlType::Uuid => ("UUID", None, None),
        SqlType::Array(_) => ("ARRAY", None, None),
        SqlType::Map(..) => ("MAP", None, None),
        SqlType::Row(_) => ("STRUCT", None, None),
        SqlType::Variant => ("VARIANT", None, None),
        SqlType::IntervalMonths(_) => ("INTERVAL_YEAR_MONTH", None, None),
        SqlType::IntervalMicros(_) => ("INTERVAL_DAY_SECOND", None, None),
    };
    let part = |sql: &SqlType, nullable| Some(Box::new(column_type(&ColumnType { sql: sql.clone(), nullable })));
    let mut typed = Typed { sql_type: name.into(), nullable: ty.nullable, precision, scale, ..Typed::default() };
    match &ty.sql {
        SqlType::Array(element) => typed.component = part(element, true),
        SqlType::Map(key, value) => (typed.key, typed.value) = (part(key, false), part(value, true)),
        SqlType::Row(row) => typed.fields = Some(row.fields.iter().map(field).collect()),
        _ => {}
    }
    typed
}

/// A field of a row type.
fn field((name, ty): &(String, ColumnType)) -> Field {
    Field {
        name: name.clone(),
        // Only names that were quoted keep capitals.
        case_sensitive: *name != name.to_lowercase(),
        columntype: column_type(ty),
        lateness: None,
        default: None,
        watermark: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_row::RowType;

    #[test]
    fn types_with_parts() {
        let row = RowType {
            name: Some("place".into()),
            fields: vec![
                ("street".into(), ColumnType::nullable(SqlType::Varchar(None))),
                ("At".into(), ColumnType::not_null(SqlType::Decimal { precision: 9, scale: 2 })),
            ],
        };
        let map = SqlType::Map(Box::new(SqlType::Integer), Box::new(SqlType::Row(row)));
        let shown = serde_json::to_value(column_type(&ColumnType::not_null(SqlType::Array(Box::new(map))))).unwrap();
        assert_eq!((&shown["type"], &shown["nullable"]), (&"ARRAY".into(), &false.into()));
        let map = &shown["component"];
        assert_eq!((&map["type"], &map["nullable"]), (&"MAP".into(), &true.into()));
        assert_eq!((&map["key"]["type"], &map["key"]["nullable"]), (&"INTEGER".into(), &false.into()));
        assert_eq!((&map["value"]["type"], &map["value"]["nullable"]), (&"STRUCT".into(), &true.into()));
        let fields = &map["value"]["fields"];
        assert_eq!((&fields[0]["name"], &fields[0]["columntype"]["precision"]), (&"street".into(), &(-1).into()));
        assert_eq!((&fields[1]["name"], &fields[1]["case_sensitive"]), (&"At".into(), &true.into()));
        assert_eq!(
            (&fields[1]["columntype"]["scale"], &fields[1]["columntype"]["nullable"]),
            (&2.into(), &false.into())
        );
        assert_eq!(shown["key"], serde_json::Value::Null);
    }
}
