//! Change events as Debezium's, each with the schema that Kafka Connect's JSON converter asks for, so that sinks as Debezium's for JDBC read them.

use super::JsonFlavor;
use super::flavor::{BytesForm, TimestampForm};
use super::write::RowWriter;
use crate::WriteError;
use crate::encode::Change;
use serde_json::{Value, json};
use weir_circuit::Column;
use weir_row::{ColumnType, SortLayout, SqlType};

/// What stands around the rows of events.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// `{"schema":{..},"payload":` of values.
    value: Vec<u8>,
    /// The same of keys, and the key's columns.
    key: Option<(Vec<u8>, Vec<usize>)>,
}

impl Envelope {
    pub(crate) fn new(columns: &[Column], flavor: JsonFlavor, key: Option<Vec<usize>>) -> Envelope {
        let field = |name: &str, mut schema: Value| {
            schema["field"] = name.into();
            schema
        };
        let row = |indexes: &mut dyn Iterator<Item = usize>, optional: bool| {
            let fields = indexes.map(|i| field(&columns[i].name, schema(&columns[i].ty, flavor)));
            json!({"type": "struct", "fields": fields.collect::<Vec<_>>(), "optional": optional})
        };
        let whole = |optional| row(&mut (0..columns.len()), optional);
        let op = json!({"type": "string", "optional": false});
        let fields = [field("before", whole(true)), field("after", whole(true)), field("op", op)];
        let begin = |schema: Value| format!("{{\"schema\":{schema},\"payload\":").into_bytes();
        Envelope {
            value: begin(json!({"type": "struct", "fields": fields, "optional": false})),
            key: key.map(|key| (begin(row(&mut key.iter().copied(), false)), key)),
        }
    }

    /// Appends the event of a change, and gives its key.
    pub(crate) fn write(
        &self,
        change: Change<'_>,
        columns: &[Column],
        layout: &SortLayout,
        rows: &RowWriter,
        out: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, WriteError> {
        let (op, before, after, some) = match change {
            Change::Insert(row) => ("c", None, Some(row), row),
            Change::Delete(row) => ("d", Some(row), None, row),
            Change::Update { before, after } => ("u", Some(before), Some(after), after),
        };
        let row = |words: Option<&[u64]>, out: &mut Vec<u8>| match words {
            Some(words) => rows.row(columns, layout, words, out),
            None => {
                out.extend_from_slice(b"null");
                Ok(())
            }
        };
        out.extend_from_slice(&self.value);
        out.extend_from_slice(b"{\"before\":");
        row(before, out)?;
        out.extend_from_slice(b",\"after\":");
        row(after, out)?;
        out.extend_from_slice(format!(",\"op\":\"{op}\"}}}}").as_bytes());
        let Some((begin, key)) = &self.key else { return Ok(None) };
        let mut bytes = begin.clone();
        rows.some(key, columns, layout, some, &mut bytes)?;
        bytes.push(b'}');
        Ok(Some(bytes))
    }
}

/// A type as Kafka Connect sees it, when values look as they do in a flavor.
fn schema(ty: &ColumnType, flavor: JsonFlavor) -> Value {
    let mysql_or_postgres = matches!(flavor, JsonFlavor::DebeziumMysql | JsonFlavor::DebeziumPostgres);
    let connect = flavor == JsonFlavor::KafkaConnectJsonConverter;
    let named = |of: &str, debezium: &str, kafka: &str| match () {
        () if mysql_or_postgres => json!({"type": of, "name": format!("io.debezium.time.{debezium}"), "version": 1}),
        () if connect => json!({"type": of, "name": format!("org.apache.kafka.connect.data.{kafka}"), "version": 1}),
        () => json!({"type": of}),
    };
    let text = json!({"type": "string"});
    let nullable = |sql: &SqlType| schema(&ColumnType::nullable(sql.clone()), flavor);
    let mut schema = match &ty.sql {
        SqlType::Boolean => json!({"type": "boolean"}),
        SqlType::TinyInt => json!({"type": "int8"}),
        SqlType::SmallInt | SqlType::UTinyInt => json!({"type": "int16"}),
        SqlType::Integer | SqlType::USmallInt => json!({"type": "int32"}),
        // Kafka Connect has no numbers of 64 bits without a sign.
        SqlType::BigInt | SqlType::UInteger | SqlType::UBigInt => json!({"type": "int64"}),
        SqlType::IntervalMonths(_) => json!({"type": "int32"}),
        SqlType::IntervalMicros(_) => json!({"type": "int64"}),
        SqlType::Real => json!({"type": "float"}),
        SqlType::Double => json!({"type": "double"}),
        SqlType::Decimal { .. } if flavor.decimal_text() => text,
        SqlType::Decimal { .. } => json!({"type": "double"}),
        SqlType::Date if flavor.days() => named("int32", "Date", "Date"),
        SqlType::Time => match flavor.time_unit_ns() {
            Some(1_000) => named("int64", "MicroTime", "Time"),
            Some(_) => named("int32", "Time", "Time"),
            None => text,
        },
        SqlType::Timestamp | SqlType::TimestampTz => match flavor.timestamp() {
            TimestampForm::Millis => named("int64", "Timestamp", "Timestamp"),
            TimestampForm::Rfc3339("Z") => named("string", "ZonedTimestamp", "Timestamp"),
            _ => text,
        },
        SqlType::Binary(_) | SqlType::Varbinary(_) if flavor.bytes() == BytesForm::Array => {
            json!({"type": "array", "items": {"type": "int16", "optional": false}})
        }
        SqlType::Array(of) => json!({"type": "array", "items": nullable(of)}),
        SqlType::Map(_, of) => {
            json!({"type": "map", "keys": {"type": "string", "optional": false}, "values": nullable(of)})
        }
        SqlType::Row(row) => {
            let fields = row.fields.iter().map(|(name, ty)| {
                let mut field = self::schema(ty, flavor);
                field["field"] = name.as_str().into();
                field
            });
            json!({"type": "struct", "fields": fields.collect::<Vec<_>>()})
        }
        // What is text: strings, UUIDs, VARIANTs as JSON, dates and binaries in flavors that have them so.
        SqlType::Char(_)
        | SqlType::Varchar(_)
        | SqlType::Uuid
        | SqlType::Variant
        | SqlType::Date
        | SqlType::Binary(_)
        | SqlType::Varbinary(_)
        | SqlType::Null => text,
    };
    schema["optional"] = ty.nullable.into();
    schema
}
