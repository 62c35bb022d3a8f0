//! Many checks as one program: expressions, cast to text, as columns of views; queries as views.

use crate::read::{Check, Segment};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};
use weir_circuit::interpret::evaluate;
use weir_functions::forms;
use weir_row::{Item, SqlType, Value, View};
use weir_sql::{Passes, Program, compile_with};

/// Expressions in one view.
const COLUMNS: usize = 50;
/// The table of one row that expressions are evaluated over.
const ONE: &str = "CREATE TABLE weir_one (n INT NOT NULL);\n";

/// A program with the places of its checks' values.
pub(crate) struct Batch {
    /// The program.
    pub(crate) program: Program,
    /// What it is run on.
    pub(crate) steps: Vec<Step>,
    places: Places,
}

/// What a step takes in.
pub(crate) struct Step {
    /// Its time, in microseconds since 1970.
    pub(crate) now: i64,
    /// Rows of the program's tables, in the circuit's order.
    pub(crate) tables: Vec<Vec<Vec<Value>>>,
}

fn compile(source: &str, passes: Passes) -> Result<Program, String> {
    compile_with(source, passes).map_err(|e| format!("{}\n", weir_sql::render(source, "program", &e)))
}

fn declarations(segment: &Segment) -> String {
    let own: String = segment.declarations.iter().map(|d| format!("{d};\n")).collect();
    format!("{ONE}{own}")
}

/// For each check its view, and its column if it is an expression.
type Places = Vec<(usize, Option<usize>)>;

/// A program of checks; which expressions are cast to text.
fn views(segment: &Segment, checks: &[&Check], cast: &[bool]) -> (String, Places) {
    let mut source = declarations(segment);
    let mut places = vec![(0, None); checks.len()];
    let (expressions, queries): (Vec<usize>, Vec<usize>) = (0..checks.len()).partition(|i| checks[*i].is_expression);
    let mut view = 0;
    for chunk in expressions.chunks(COLUMNS) {
        let mut columns = vec![];
        for (c, i) in chunk.iter().enumerate() {
            let sql = &checks[*i].sql;
            columns.push(if cast[*i] {
                format!("  CAST({sql} AS VARCHAR) AS x{c}")
            } else {
                format!("  {sql} AS x{c}")
            });
            places[*i] = (view, Some(c));
        }
        source.push_str(&format!("CREATE VIEW weir_view_{view} AS SELECT\n{}\nFROM weir_one;\n", columns.join(",\n")));
        view += 1;
    }
    for i in queries {
        source.push_str(&format!("CREATE VIEW weir_view_{view} AS {};\n", checks[i].sql));
        places[i] = (view, None);
        view += 1;
    }
    (source, places)
}

impl Batch {
    /// Makes a program of checks of a segment.
    ///
    /// # Errors
    /// What the compiler says, or an INSERT that is none.
    pub(crate) fn new(segment: &Segment, checks: &[&Check], passes: Passes) -> Result<Batch, String> {
        let mut cast = vec![true; checks.len()];
        let whole = compile(&views(segment, checks, &cast).0, passes);
        let program = match whole {
            Ok(program) => program,
            // Arrays and their like have no cast to text: who has none is found out one by one.
            Err(_) => {
                for (check, cast) in checks.iter().zip(&mut cast) {
                    *cast = compile(&views(segment, &[check], &[true]).0, Passes::NONE).is_ok();
                }
                compile(&views(segment, checks, &cast).0, passes)?
            }
        };
        let mut places = views(segment, checks, &cast).1;
        for (view, _) in &mut places {
            let name = format!("weir_view_{view}");
            *view = program.circuit.views.iter().position(|v| v.name == name).ok_or("a view is missing")?;
        }
        let steps = steps(segment, &program)?;
        Ok(Batch { program, steps, places })
    }

    /// Each check's rows as text, sorted, given the contents of the program's views.
    pub(crate) fn answers(&self, views: &[Vec<(Vec<Value>, i64)>]) -> Vec<Vec<String>> {
        let answer = |(view, column): &(usize, Option<usize>)| {
            let types: Vec<&SqlType> = self.program.circuit.views[*view].columns.iter().map(|c| &c.ty.sql).collect();
            let mut lines = vec![];
            for (row, weight) in &views[*view] {
                let all = row.iter().zip(&types).map(|(v, ty)| text(v, ty));
                let line = match column {
                    Some(c) => text(&row[*c], types[*c]),
                    None => all.collect::<Vec<_>>().join(" "),
                };
                // (A negative weight is no answer that anybody expects.)
                let times = usize::try_from(*weight).unwrap_or(0);
                lines.extend(std::iter::repeat_n(line.trim_end().to_string(), times));
                lines.extend((*weight < 0).then(|| format!("weight {weight}")));
            }
            lines.sort();
            lines
        };
        self.places.iter().map(answer).collect()
    }
}

/// A value as files write it.
fn text(value: &Value, ty: &SqlType) -> String {
    match value {
        Value::Null => "NULL".to_string(),
        Value::Bool(b) => if *b { "TRUE" } else { "FALSE" }.to_string(),
        Value::I8(x) => x.to_string(),
        Value::I16(x) => x.to_string(),
        Value::I32(x) => x.to_string(),
        Value::I64(x) => x.to_string(),
        Value::U8(x) => x.to_string(),
        Value::U16(x) => x.to_string(),
        Value::U32(x) => x.to_string(),
        Value::U64(x) => x.to_string(),
        Value::Dec(units) => {
            let scale = if let SqlType::Decimal { scale, .. } = ty { i32::from(*scale) } else { 0 };
            forms::decimal(*units, scale)
        }
        Value::F32(x) => forms::real(*x),
        Value::F64(x) => forms::double(*x),
        Value::Text(s) if s.is_empty() => "(empty)".to_string(),
        Value::Text(s) => s.to_string(),
        Value::Date(x) => forms::date(*x),
        Value::Time(x) => forms::time(*x),
        Value::Ts(x) => forms::timestamp(*x),
        Value::Tz(x) => format!("{} +00:00", forms::timestamp(*x)),
        Value::Uuid(x) => forms::uuid(*x),
        Value::Bytes(bytes) => forms::hex(bytes),
        Value::Item(bytes) => item(Item::new(bytes)),
        // (Views have no intervals.)
        Value::Months(_) | Value::Micros(_) => format!("{value:?}"),
    }
}

fn item(of: Item<'_>) -> String {
    let list = |items: weir_row::Items<'_>| items.map(item).collect::<Vec<_>>().join(",");
    match of.view() {
        View::Null => "NULL".to_string(),
        View::VariantNull => "null".to_string(),
        View::Array(items) => format!("[{}]", list(items)),
        View::Row(items) => format!("({})", list(items)),
        View::Map(items) => {
            let all: Vec<String> = items.map(item).collect();
            let pairs: Vec<String> = all.chunks(2).map(|pair| pair.join(":")).collect();
            format!("{{{}}}", pairs.join(","))
        }
        View::Bool(b) => if b { "TRUE" } else { "FALSE" }.to_string(),
        _ => forms::item_text(of).unwrap_or_default(),
    }
}

/// `INSERT INTO name [(column, ..)] VALUES (value, ..), ..`, its values as they are written.
struct Insert {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Takes an INSERT apart, by its parentheses, since no other dialect has all our values.
fn insertion(sql: &str) -> Option<Insert> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().ok()?;
    let mut head = String::new();
    let mut lists: Vec<Vec<String>> = vec![];
    let (mut depth, mut before_values, mut columns) = (0usize, true, vec![]);
    for token in tokens {
        match &token {
            Token::LParen if depth == 0 => {
                depth = 1;
                lists.push(vec![String::new()]);
                continue;
            }
            Token::RParen if depth == 1 => {
                depth = 0;
                continue;
            }
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.checked_sub(1)?,
            Token::Comma if depth == 1 => {
                lists.last_mut()?.push(String::new());
                continue;
            }
            Token::Word(w) if depth == 0 && w.value.eq_ignore_ascii_case("values") => {
                before_values = false;
                columns = std::mem::take(&mut lists).into_iter().next().unwrap_or_default();
                continue;
            }
            _ => {}
        }
        if depth > 0 {
            lists.last_mut()?.last_mut()?.push_str(&token.to_string());
        } else if before_values {
            head.push_str(&token.to_string());
        }
    }
    let name = head.split_whitespace().nth(2)?.to_lowercase();
    let columns = columns.into_iter().map(|c| c.trim().to_lowercase()).collect();
    (!before_values).then_some(Insert { name, columns, rows: lists })
}

/// The steps of a segment; values of its INSERTs are expressions that the language itself evaluates, and so are its times.
fn steps(segment: &Segment, program: &Program) -> Result<Vec<Step>, String> {
    let circuit = &program.circuit;
    let mut source = declarations(segment);
    let mut targets = vec![];
    for (step, insert) in &segment.inserts {
        let Insert { name, columns: given, rows } = insertion(insert).ok_or_else(|| format!("no INSERT: {insert}"))?;
        let known = circuit.tables.iter().position(|t| t.name.to_lowercase() == name);
        // A table that no view reads may not be in the circuit.
        let Some(t) = known else { continue };
        let columns = &circuit.tables[t].columns;
        for row in &rows {
            let value = |i: usize, name: &str| {
                let at = if given.is_empty() { Some(i) } else { given.iter().position(|g| *g == name.to_lowercase()) };
                at.and_then(|at| row.get(at)).map_or_else(|| "NULL".to_string(), ToString::to_string)
            };
            let cast =
                |(i, c): (usize, &weir_circuit::Column)| format!("CAST({} AS {}) AS c{i}", value(i, &c.name), c.ty.sql);
            let all: Vec<String> = columns.iter().enumerate().map(cast).collect();
            source.push_str(&format!("CREATE VIEW weir_row_{} AS SELECT {};\n", targets.len(), all.join(", ")));
            targets.push((*step, t));
        }
    }
    for (i, time) in segment.steps.iter().enumerate() {
        source.push_str(&format!("CREATE VIEW weir_time_{i} AS SELECT TIMESTAMP '{time}' AS c0;\n"));
    }
    let mut constants = vec![];
    if !targets.is_empty() || !segment.steps.is_empty() {
        let program = compile(&source, Passes::ALL)?;
        let empty = vec![Default::default(); program.circuit.tables.len()];
        let views = evaluate(&program.circuit, &empty).map_err(|e| format!("an INSERT fails: {}", e.message))?;
        constants = program.circuit.views.iter().map(|v| v.name.clone()).zip(views).collect();
    }
    let row = |name: String| {
        let view = constants.iter().find(|(known, _)| *known == name);
        view.and_then(|(_, rows)| rows.keys().next()).ok_or("a row is missing")
    };
    let mut steps = vec![];
    let last = targets.iter().map(|(step, _)| step + 1).max().unwrap_or(0);
    for step in 0..segment.steps.len().max(last).max(1) {
        let mut now = steps.last().map_or(0, |before: &Step| before.now);
        if step < segment.steps.len() {
            let Value::Ts(time) = row(format!("weir_time_{step}"))?[0] else { return Err("no time".to_string()) };
            now = time;
        }
        let mut tables = vec![vec![]; circuit.tables.len()];
        let one = circuit.tables.iter().position(|t| t.name == "weir_one").filter(|_| step == 0);
        if let Some(one) = one {
            tables[one].push(vec![Value::I32(1)]);
        }
        for (i, (_, t)) in targets.iter().enumerate().filter(|(_, (of, _))| *of == step) {
            tables[*t].push(row(format!("weir_row_{i}"))?.clone());
        }
        steps.push(Step { now, tables });
    }
    Ok(steps)
}
