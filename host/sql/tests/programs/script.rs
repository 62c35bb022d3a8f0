//! Random changes of tables, step by step: rows come, go, are updated and come again.

use crate::generate::Random;
use crate::late::latenesses;
use crate::support::changes::Change;
use weir_circuit::Circuit;
use weir_row::{ColumnType, Item, ItemWriter, Kind, SqlType, Value};

/// A change of a table by name; values by the names of columns, so that smaller programs understand it.
#[derive(Clone, Debug)]
pub struct Edit {
    pub table: String,
    pub row: Vec<(String, Value)>,
    pub deleted: bool,
}

/// Steps of changes.
pub type Script = Vec<Vec<Edit>>;

/// The middle of times, as `value` makes them.
const MIDDLE: i64 = 1_728_000_000_000_000;
/// Between two steps.
const TICK: i64 = 45 * 60_000_000;

/// The time of a step: rows' times come to pass one after the other.
pub fn clock(step: usize) -> i64 {
    MIDDLE + (step as i64 - 1) * TICK
}

/// Steps, at most.
const STEPS_MAX: usize = 5;
/// Changes of a step, at most.
const CHANGES_MAX: usize = 10;

/// The bytes of an item.
fn bytes(value: &Value, sql: &SqlType) -> Vec<u8> {
    let mut out = ItemWriter::new();
    out.value(value.into(), sql.scale());
    out.finish()
}

fn container(begin: impl Fn(&mut ItemWriter), items: &[Vec<u8>]) -> Value {
    let mut out = ItemWriter::new();
    begin(&mut out);
    items.iter().for_each(|i| out.item(Item::new(i)));
    out.end();
    Value::Item(out.finish().into())
}

fn item(random: &mut Random, sql: &SqlType) -> Value {
    let n = random.below(3);
    let text = SqlType::Varchar(None);
    let mut part =
        |sql: &SqlType, nullable| bytes(&value(random, &ColumnType { sql: sql.clone(), nullable }, false), sql);
    match sql {
        SqlType::Array(of) => container(ItemWriter::begin_array, &(0..n).map(|_| part(of, true)).collect::<Vec<_>>()),
        SqlType::Map(_, of) => {
            let entry = |k: &str| [bytes(&Value::text(k), &text), part(of, true)];
            let items: Vec<_> = ["f", "g", "h"].into_iter().take(n).flat_map(entry).collect();
            container(ItemWriter::begin_map, &items)
        }
        SqlType::Row(row) => {
            let items: Vec<_> = row.fields.iter().map(|(_, ty)| part(&ty.sql, ty.nullable)).collect();
            container(ItemWriter::begin_row, &items)
        }
        _ => match n {
            0 => Value::Item(Item::VARIANT_NULL.bytes().into()),
            1 => Value::Item(part(&SqlType::Integer, false).into()),
            _ => Value::Item(part(&text, false).into()),
        },
    }
}

/// A few values of a type, so that rows meet.
fn value(random: &mut Random, ty: &ColumnType, extreme: bool) -> Value {
    if ty.nullable && random.percent(12) {
        return Value::Null;
    }
    let small = random.below(6) as i8 - 1;
    let extreme = extreme && random.percent(15);
    match ty.sql.kind().unwrap() {
        Kind::Bool => Value::Bool(small > 1),
        Kind::I8 => Value::I8(small),
        Kind::I16 => Value::I16(small.into()),
        Kind::I32 if extreme => Value::I32(*random.pick(&[i32::MIN, i32::MAX])),
        Kind::I32 => Value::I32(small.into()),
        Kind::I64 if extreme => Value::I64(*random.pick(&[i64::MIN, i64::MIN + 1, i64::MAX])),
        Kind::I64 => Value::I64(small.into()),
        Kind::U8 => Value::U8(small.unsigned_abs()),
        Kind::U16 => Value::U16(small.unsigned_abs().into()),
        Kind::U32 => Value::U32(small.unsigned_abs().into()),
        Kind::U64 => Value::U64(small.unsigned_abs().into()),
        Kind::Dec => Value::Dec(*random.pick(&[0, 1, -150, 250, 300, 10_000])),
        // Sums of such floats are exact, so that their order does not matter.
        Kind::F32 => Value::F32(f32::from(small) / 4.0),
        Kind::F64 => Value::F64(f64::from(small) / 4.0),
        // (CHAR is padded.)
        Kind::Text if matches!(ty.sql, SqlType::Char(_)) => Value::text(random.pick::<&str>(&["   ", "x  ", "xyz"])),
        Kind::Text => {
            Value::text(random.pick::<&str>(&["", "x", "x", "xyz", "y", "a longer text, of many words", "Ünï"]))
        }
        Kind::Date => Value::Date(20_000 + i32::from(small)),
        Kind::Time => Value::Time(i64::from(small.unsigned_abs()) * 1_000_000_000),
        Kind::Ts => Value::Ts(MIDDLE + i64::from(small) * 1_800_000_000),
        Kind::Tz => Value::Tz(MIDDLE + i64::from(small) * 1_800_000_000),
        Kind::Months => Value::Months(small.into()),
        Kind::Micros => Value::Micros(small.into()),
        Kind::Uuid => Value::Uuid(u128::from(small.unsigned_abs())),
        Kind::Bytes => Value::Bytes((0..random.below(4)).map(|_| random.below(3) as u8).collect::<Vec<_>>().into()),
        Kind::Item => item(random, &ty.sql),
    }
}

/// A value as it would be so many steps later.
fn later(value: Value, steps: usize) -> Value {
    let n = steps as i32;
    match value {
        Value::I32(x) => Value::I32(x.saturating_add(n)),
        Value::I64(x) => Value::I64(x.saturating_add(n.into())),
        Value::Date(x) => Value::Date(x + n),
        Value::Ts(x) => Value::Ts(x + i64::from(n) * TICK),
        other => other,
    }
}

/// Random changes of a program's tables. What has a lateness moves on with the steps, so that rows come in time and too late.
pub fn script(seed: u64, source: &str, circuit: &Circuit) -> Script {
    let mut random = Random::new(seed ^ 0x5c21);
    let late: Vec<Vec<usize>> =
        circuit.tables.iter().map(|t| latenesses(source, t).into_iter().map(|l| l.0).collect()).collect();
    let steps_max = if source.contains("LATENESS") || source.contains("NOW()") { STEPS_MAX + 3 } else { STEPS_MAX };
    // Values that overflow, in a few scripts.
    let extreme = random.percent(6);
    let mut seen: Vec<Vec<Vec<Value>>> = vec![vec![]; circuit.tables.len()];
    let mut out = vec![];
    for step in 0..2 + random.below(steps_max - 1) {
        let mut edits = vec![];
        let (least, most) =
            if step == 0 { (circuit.tables.len() * 3, circuit.tables.len() * 3) } else { (0, CHANGES_MAX) };
        for _ in 0..least + random.below(most + 1) {
            let t = random.below(circuit.tables.len());
            let table = &circuit.tables[t];
            let known = !seen[t].is_empty() && random.percent(if step == 0 { 20 } else { 55 });
            let row = if known {
                random.pick(&seen[t]).clone()
            } else {
                let new = table.columns.iter().map(|c| value(&mut random, &c.ty, extreme));
                let moved = |(c, v)| if late[t].contains(&c) { later(v, step) } else { v };
                new.enumerate().map(moved).collect()
            };
            let deleted = known && random.percent(60);
            seen[t].push(row.clone());
            let named = |row: &[Value]| table.columns.iter().map(|c| c.name.clone()).zip(row.iter().cloned()).collect();
            edits.push(Edit { table: table.name.clone(), row: named(&row), deleted });
            // An update: what comes in place of what goes.
            if deleted && random.percent(50) {
                let mut new = row.clone();
                let at = random.below(new.len());
                new[at] = value(&mut random, &table.columns[at].ty, extreme);
                seen[t].push(new.clone());
                edits.push(Edit { table: table.name.clone(), row: named(&new), deleted: false });
            }
        }
        out.push(edits);
    }
    out
}

/// A script's changes as a circuit takes them.
pub fn changes(script: &Script, circuit: &Circuit) -> Vec<Vec<Change>> {
    let change = |edit: &Edit| {
        let t = circuit.tables.iter().position(|t| t.name == edit.table)?;
        let of = |c: &weir_circuit::Column| edit.row.iter().find(|(name, _)| *name == c.name).map(|(_, v)| v.clone());
        Some((t, circuit.tables[t].columns.iter().map(of).collect::<Option<Vec<_>>>()?, edit.deleted))
    };
    script.iter().map(|step| step.iter().filter_map(change).collect()).collect()
}

/// Changes of a step without the rows that come and go within it. (Of those, functions are computed all the same, and may fail.)
pub fn settled(step: &[Change], circuit: &Circuit) -> Vec<Change> {
    let mut out: Vec<Change> = vec![];
    for change in step {
        let (table, row, deleted) = change;
        let came = |c: &Change| c.0 == *table && c.1 == *row && !c.2;
        let of = &circuit.tables[*table];
        let fleeting = *deleted && of.primary_key.is_none() && !of.append_only;
        match out.iter().rposition(came).filter(|_| fleeting) {
            Some(at) => drop(out.remove(at)),
            None => out.push(change.clone()),
        }
    }
    out
}
