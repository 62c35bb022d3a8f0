//! Avro's schemas as a tree without names, and what goes with which SQL type.

use serde_json::Value as Json;
use std::collections::HashMap;
use weir_row::SqlType;

/// Types in a schema, at most: a name that is used again counts again.
const TYPES_MAX: usize = 20_000;
/// Types in each other, at most.
const DEPTH_MAX: usize = 64;

/// What a type of Avro's says beyond how its values lie in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Plain,
    Date,
    /// Of a day, in units of so many nanoseconds.
    Time(i64),
    /// Since 1970, so many in a second.
    Timestamp(i64),
    /// Units of this power of ten.
    Decimal(u32),
    Uuid,
}

/// A type of Avro's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Avro {
    Null,
    Boolean,
    Int(Meaning),
    Long(Meaning),
    Float,
    Double,
    Bytes(Meaning),
    String(Meaning),
    Fixed(usize, Meaning),
    Enum(Vec<String>),
    Array(Box<Avro>),
    Map(Box<Avro>),
    Union(Vec<Avro>),
    Record(Vec<(String, Avro)>),
}

/// A schema that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) avro: Avro,
    /// Of a record, what its fields are called, too, and the values that they have where others do not have them.
    extras: Vec<(Vec<String>, Option<Json>)>,
}

impl Parsed {
    /// Reads a schema. `Err`: what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Parsed, String> {
        Parsed::with(text, &[])
    }

    /// Reads a schema that names types of others, each of which may name types of those before it.
    pub(crate) fn with(text: &str, references: &[String]) -> Result<Parsed, String> {
        let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let mut tree = Tree { names: HashMap::new(), types: 0 };
        for reference in references {
            let json: Json = serde_json::from_str(reference).map_err(|e| format!("a schema that it refers to: {e}"))?;
            tree.read(&json, "", 0).map_err(|e| format!("a schema that it refers to: {e}"))?;
        }
        let avro = tree.read(&json, "", 0)?;
        let fields = json["fields"].as_array().map_or(&[][..], Vec::as_slice);
        let alias = |a: &Json| a.as_str().map(str::to_owned);
        let extra = |f: &Json| {
            let aliases = f["aliases"].as_array().map_or(&[][..], Vec::as_slice);
            (aliases.iter().filter_map(alias).collect(), f.get("default").cloned())
        };
        Ok(Parsed { avro, extras: fields.iter().map(extra).collect() })
    }

    /// This schema, of which messages are written, as a reader sees it that has another one: with the reader's names, nameless what the reader
    /// does not have; and the reader's fields that are missing, with their values, as a JSON object. `Err`: a field without a value.
    pub(crate) fn resolved(&self, reader: &Parsed) -> Result<(Avro, Json), String> {
        let (Avro::Record(written), Avro::Record(read)) = (&self.avro, &reader.avro) else {
            return Err("the schema is no record".into());
        };
        let read_as = |name: &String| {
            let exactly = read.iter().position(|(n, _)| n == name);
            exactly.or_else(|| reader.extras.iter().position(|(aliases, _)| aliases.contains(name)))
        };
        let homes: Vec<Option<usize>> = written.iter().map(|(name, _)| read_as(name)).collect();
        let named = |(home, (_, of)): (&Option<usize>, &(String, Avro))| {
            (home.map_or(String::new(), |i| read[i].0.clone()), of.clone())
        };
        let avro = Avro::Record(homes.iter().zip(written).map(named).collect());
        let mut missing = serde_json::Map::new();
        for (i, (name, _)) in read.iter().enumerate().filter(|(i, _)| !homes.contains(&Some(*i))) {
            match reader.extras.get(i).and_then(|(_, default)| default.clone()) {
                Some(value) => missing.insert(name.clone(), value),
                None => return Err(format!("it has no field '{name}', for which 'schema' has no default")),
            };
        }
        Ok((avro, missing.into()))
    }
}

struct Tree {
    /// Named types; `None`: its definition is being read.
    names: HashMap<String, Option<Avro>>,
    types: usize,
}

impl Tree {
    fn read(&mut self, json: &Json, namespace: &str, depth: usize) -> Result<Avro, String> {
        self.types += 1;
        if self.types > TYPES_MAX {
            return Err(format!("the schema has more than {TYPES_MAX} types"));
        }
        if depth > DEPTH_MAX {
            return Err(format!("the schema has types in each other, deeper than {DEPTH_MAX}"));
        }
        match json {
            Json::String(name) => self.named(name, namespace),
            Json::Array(variants) => {
                let variants = variants.iter().map(|v| self.read(v, namespace, depth + 1));
                Ok(Avro::Union(variants.collect::<Result<_, _>>()?))
            }
            Json::Object(of) => self.object(of, namespace, depth),
            other => Err(format!("{other} is no type")),
        }
    }

    fn named(&mut self, name: &str, namespace: &str) -> Result<Avro, String> {
        Ok(match name {
            "null" => Avro::Null,
            "boolean" => Avro::Boolean,
            "int" => Avro::Int(Meaning::Plain),
            "long" => Avro::Long(Meaning::Plain),
            "float" => Avro::Float,
            "double" => Avro::Double,
            "bytes" => Avro::Bytes(Meaning::Plain),
            "string" => Avro::String(Meaning::Plain),
            name => match self.names.get(&full_name(name, namespace)).or_else(|| self.names.get(name)) {
                Some(Some(known)) => {
                    let known = known.clone();
                    self.types += count(&known);
                    known
                }
                Some(None) => return Err(format!("the type '{name}' contains itself, which no SQL type does")),
                None => return Err(format!("there is no type '{name}'")),
            },
        })
    }

    fn object(&mut self, of: &serde_json::Map<String, Json>, namespace: &str, depth: usize) -> Result<Avro, String> {
        let kind = of.get("type").ok_or("a type without 'type'")?;
        let Some(kind) = kind.as_str() else { return self.read(kind, namespace, depth + 1) };
        let text = |key: &str| of.get(key).and_then(Json::as_str);
        let member = |key: &str| of.get(key).ok_or_else(|| format!("a type '{kind}' without '{key}'"));
        if !matches!(kind, "record" | "error" | "enum" | "fixed") {
            return match kind {
                "array" => Ok(Avro::Array(Box::new(self.read(member("items")?, namespace, depth + 1)?))),
                "map" => Ok(Avro::Map(Box::new(self.read(member("values")?, namespace, depth + 1)?))),
                kind => Ok(with_meaning(self.named(kind, namespace)?, meaning(of))),
            };
        }
        let name = text("name").ok_or_else(|| format!("a type '{kind}' without a name"))?;
        let namespace = match (name.rsplit_once('.'), text("namespace")) {
            (Some((within, _)), _) | (None, Some(within)) => within,
            (None, None) => namespace,
        };
        let name = full_name(name, namespace);
        if self.names.insert(name.clone(), None).is_some() {
            return Err(format!("the type '{name}' is there twice"));
        }
        let made = match kind {
            "enum" => {
                let symbols = member("symbols")?.as_array().ok_or("symbols that are no list")?;
                let symbols = symbols.iter().map(|s| s.as_str().map(str::to_owned));
                Avro::Enum(symbols.collect::<Option<_>>().ok_or("a symbol that is no text")?)
            }
            "fixed" => {
                let size = member("size")?.as_u64().and_then(|n| usize::try_from(n).ok());
                let size = size.filter(|n| *n <= crate::RECORD_BYTES_MAX).ok_or("a 'fixed' of no size")?;
                Avro::Fixed(size, meaning(of))
            }
            _ => {
                let fields = member("fields")?.as_array().ok_or("fields that are no list")?;
                let mut read = Vec::with_capacity(fields.len());
                for field in fields {
                    let name = field.get("name").and_then(Json::as_str).ok_or("a field without a name")?;
                    let of = field.get("type").ok_or_else(|| format!("the field '{name}' without a type"))?;
                    read.push((name.to_owned(), self.read(of, namespace, depth + 1)?));
                }
                Avro::Record(read)
            }
        };
        self.names.insert(name, Some(made.clone()));
        Ok(made)
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn count(of: &Avro) -> usize {
    1 + match of {
        Avro::Array(of) | Avro::Map(of) => count(of),
        Avro::Union(of) => of.iter().map(count).sum(),
        Avro::Record(of) => of.iter().map(|(_, of)| count(of)).sum(),
        _ => 0,
    }
}

/// What a type says it means, by Avro's own name or by those of Debezium and Kafka Connect.
fn meaning(of: &serde_json::Map<String, Json>) -> Meaning {
    let text = |key: &str| of.get(key).and_then(Json::as_str).unwrap_or("");
    match text("logicalType") {
        "date" => return Meaning::Date,
        "time-millis" => return Meaning::Time(1_000_000),
        "time-micros" => return Meaning::Time(1_000),
        "timestamp-millis" | "local-timestamp-millis" => return Meaning::Timestamp(1_000),
        "timestamp-micros" | "local-timestamp-micros" => return Meaning::Timestamp(1_000_000),
        "timestamp-nanos" | "local-timestamp-nanos" => return Meaning::Timestamp(1_000_000_000),
        "decimal" => {
            let scale = of.get("scale").and_then(Json::as_u64).unwrap_or(0);
            return u32::try_from(scale).map_or(Meaning::Plain, Meaning::Decimal);
        }
        "uuid" => return Meaning::Uuid,
        _ => {}
    }
    match text("connect.name") {
        "io.debezium.time.Date" | "org.apache.kafka.connect.data.Date" => Meaning::Date,
        "io.debezium.time.Time" | "org.apache.kafka.connect.data.Time" => Meaning::Time(1_000_000),
        "io.debezium.time.MicroTime" => Meaning::Time(1_000),
        "io.debezium.time.NanoTime" => Meaning::Time(1),
        "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => Meaning::Timestamp(1_000),
        "io.debezium.time.MicroTimestamp" => Meaning::Timestamp(1_000_000),
        "io.debezium.time.NanoTimestamp" => Meaning::Timestamp(1_000_000_000),
        _ => Meaning::Plain,
    }
}

/// A meaning that its type cannot have counts for nothing, as Avro says.
fn with_meaning(of: Avro, meaning: Meaning) -> Avro {
    use Meaning::{Date, Decimal, Time, Timestamp, Uuid};
    match (of, meaning) {
        (Avro::Int(_), Date | Time(_)) => Avro::Int(meaning),
        (Avro::Long(_), Time(_) | Timestamp(_)) => Avro::Long(meaning),
        (Avro::Bytes(_), Decimal(_) | Uuid) => Avro::Bytes(meaning),
        (Avro::String(_), Uuid) => Avro::String(meaning),
        (of, _) => of,
    }
}

/// Whether values of a type can be read as, or made of, those of a SQL type. `Err`: what does not fit.
pub(crate) fn fits(avro: &Avro, sql: &SqlType) -> Result<(), String> {
    use Meaning::{Date, Decimal, Time, Timestamp, Uuid};
    let number = |sql: &SqlType| {
        matches!(
            sql,
            SqlType::TinyInt
                | SqlType::SmallInt
                | SqlType::Integer
                | SqlType::BigInt
                | SqlType::UTinyInt
                | SqlType::USmallInt
                | SqlType::UInteger
                | SqlType::UBigInt
        )
    };
    let text = matches!(sql, SqlType::Char(_) | SqlType::Varchar(_));
    let fits = match (avro, sql) {
        (Avro::Union(of), sql) => {
            // Which of them comes is seen when it does; what is written is the first that fits.
            let mut result = Err(format!("{sql} goes with no member of Avro's union"));
            for variant in of.iter().filter(|v| **v != Avro::Null) {
                result = fits(variant, sql);
                if result.is_ok() {
                    break;
                }
            }
            return result;
        }
        (Avro::Null, _) => true,
        (Avro::Boolean, sql) => *sql == SqlType::Boolean,
        (Avro::Int(m) | Avro::Long(m), sql) => match m {
            Date => matches!(sql, SqlType::Date),
            Time(_) => matches!(sql, SqlType::Time),
            Timestamp(_) => matches!(sql, SqlType::Timestamp | SqlType::TimestampTz),
            _ => {
                let wide = matches!(avro, Avro::Long(_));
                number(sql)
                    || matches!(sql, SqlType::Decimal { .. } | SqlType::Real | SqlType::Double | SqlType::Time)
                    || !wide && *sql == SqlType::Date
                    || wide && matches!(sql, SqlType::Timestamp | SqlType::TimestampTz)
            }
        },
        (Avro::Float | Avro::Double, sql) => matches!(sql, SqlType::Real | SqlType::Double),
        (Avro::Bytes(m) | Avro::Fixed(_, m), sql) => match m {
            Decimal(_) => number(sql) || matches!(sql, SqlType::Decimal { .. }),
            Uuid => matches!(sql, SqlType::Uuid),
            _ => {
                matches!(sql, SqlType::Binary(_) | SqlType::Varbinary(_) | SqlType::Uuid)
                    || text && matches!(avro, Avro::Bytes(_))
            }
        },
        (Avro::String(_), sql) => {
            text || matches!(
                sql,
                SqlType::Uuid
                    | SqlType::Decimal { .. }
                    | SqlType::Date
                    | SqlType::Time
                    | SqlType::Timestamp
                    | SqlType::TimestampTz
                    | SqlType::Variant
                    | SqlType::Binary(_)
                    | SqlType::Varbinary(_)
            )
        }
        (Avro::Enum(_), _) => text,
        (Avro::Array(of), SqlType::Array(element)) => {
            return fits(of, element).map_err(|e| format!("its elements: {e}"));
        }
        (Avro::Map(of), SqlType::Map(_, value)) => return fits(of, value).map_err(|e| format!("its values: {e}")),
        (Avro::Record(of), SqlType::Row(row)) => {
            for (name, ty) in &row.fields {
                match find(of, name) {
                    Some(i) => fits(&of[i].1, &ty.sql).map_err(|e| format!("its field '{name}': {e}"))?,
                    None if ty.nullable => {}
                    None => return Err(format!("its field '{name}' is missing, and it is NOT NULL")),
                }
            }
            return Ok(());
        }
        (Avro::Array(_) | Avro::Map(_) | Avro::Record(_), _) => false,
    };
    if fits { Ok(()) } else { Err(format!("{sql} does not go with Avro's {}", kind(avro))) }
}

/// What a type is called in errors.
pub(crate) fn kind(of: &Avro) -> &'static str {
    match of {
        Avro::Null => "null",
        Avro::Boolean => "boolean",
        Avro::Int(Meaning::Date) => "date",
        Avro::Int(Meaning::Time(_)) | Avro::Long(Meaning::Time(_)) => "time",
        Avro::Long(Meaning::Timestamp(_)) => "timestamp",
        Avro::Int(_) => "int",
        Avro::Long(_) => "long",
        Avro::Float => "float",
        Avro::Double => "double",
        Avro::Bytes(Meaning::Decimal(_)) | Avro::Fixed(_, Meaning::Decimal(_)) => "decimal",
        Avro::Bytes(_) => "bytes",
        Avro::String(_) => "string",
        Avro::Fixed(..) => "fixed",
        Avro::Enum(_) => "enum",
        Avro::Array(_) => "array",
        Avro::Map(_) => "map",
        Avro::Union(_) => "union",
        Avro::Record(_) => "record",
    }
}

/// The field of a name: exactly, or whatever the case if the name has no capitals (as names have that were not quoted).
pub(crate) fn find(fields: &[(String, Avro)], name: &str) -> Option<usize> {
    let exactly = fields.iter().position(|(f, _)| f == name);
    exactly.or_else(|| fields.iter().position(|(f, _)| f.to_lowercase() == name))
}

/// Whether Avro takes a text for a name.
pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
