//! Well-typed expressions over the whole registry: its examples, with literals replaced by columns of their type or by other examples. What does
//! not compile is dropped, so that nobody has to say here what each function takes.

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Word};
use std::collections::HashMap;
use weir_circuit::Circuit;
use weir_row::{Item, ItemWriter, SqlType, Value};
use weir_sql::{Outcome, Passes, compile_with};

/// The table that expressions are evaluated over; `id` counts rows.
pub(crate) const TABLE: &str = "CREATE TABLE t (id INT NOT NULL, i INT, j INT NOT NULL, b BIGINT, m DECIMAL(6, 2), x DOUBLE, y DOUBLE NOT NULL, \
     s VARCHAR, w VARCHAR NOT NULL, d DATE, ts TIMESTAMP, tm TIME, p BOOLEAN, q BOOLEAN NOT NULL, bin VARBINARY, \
     ia INTEGER ARRAY, sa VARCHAR ARRAY, mp MAP<VARCHAR, INTEGER>, v VARIANT);\n";
/// Rows of the table.
pub(crate) const ROWS: usize = 12;

/// Numbers without end, the same for the same seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What a literal can be replaced by.
type Hole = &'static str;

/// A piece of an example.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Text(String),
    /// A literal of this type, as it was written.
    Hole(Hole, String),
}

/// An expression that compiles.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    /// As SQL.
    pub(crate) sql: String,
}

const COLUMNS: [(Hole, &[&str]); 13] = [
    ("INTEGER", &["i", "j"]),
    ("BIGINT", &["b"]),
    ("DECIMAL", &["m"]),
    ("DOUBLE", &["x", "y"]),
    ("VARCHAR", &["s", "w"]),
    ("DATE", &["d"]),
    ("TIMESTAMP", &["ts"]),
    ("TIME", &["tm"]),
    ("BOOLEAN", &["p", "q"]),
    ("VARBINARY", &["bin"]),
    ("INTEGER ARRAY", &["ia"]),
    ("VARCHAR ARRAY", &["sa"]),
    ("VARIANT", &["v"]),
];

/// The hole that values of a type fit in.
fn hole_of(ty: &SqlType) -> Option<Hole> {
    Some(match ty {
        SqlType::Integer => "INTEGER",
        SqlType::BigInt => "BIGINT",
        SqlType::Decimal { .. } => "DECIMAL",
        SqlType::Double => "DOUBLE",
        SqlType::Varchar(_) | SqlType::Char(_) => "VARCHAR",
        SqlType::Date => "DATE",
        SqlType::Timestamp => "TIMESTAMP",
        SqlType::Time => "TIME",
        SqlType::Boolean => "BOOLEAN",
        SqlType::Varbinary(_) | SqlType::Binary(_) => "VARBINARY",
        SqlType::Variant => "VARIANT",
        SqlType::Array(of) if **of == SqlType::Integer => "INTEGER ARRAY",
        SqlType::Array(of) if matches!(**of, SqlType::Varchar(_)) => "VARCHAR ARRAY",
        _ => return None,
    })
}

/// The columns that a literal can be replaced by.
pub(crate) fn columns_of(hole: Hole) -> &'static [&'static str] {
    COLUMNS.iter().find(|(h, _)| *h == hole).map_or(&[][..], |(_, c)| *c)
}

/// The examples that have something to replace.
pub(crate) fn templates() -> Vec<Vec<Piece>> {
    let gives = weir_sql::examples().filter(|e| matches!(e.outcome, Outcome::Gives(_) | Outcome::Fails(_)));
    gives.filter_map(|e| pieces(e.sql)).filter(|p| p.iter().any(|p| matches!(p, Piece::Hole(..)))).collect()
}

fn word(token: Option<&Token>) -> String {
    if let Some(Token::Word(Word { value, quote_style: None, .. })) = token {
        value.to_uppercase()
    } else {
        String::new()
    }
}

/// The bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// An example in pieces.
fn pieces(sql: &str) -> Option<Vec<Piece>> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().ok()?;
    let one = |token: &Token| match token {
        Token::SingleQuotedString(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    };
    let shown = |from: usize, to: usize| tokens[from..to].iter().map(one).collect::<String>();
    let (mut out, mut at) = (vec![], 0);
    // The word before the next token, blanks apart.
    let mut before = String::new();
    while at < tokens.len() {
        let this = word(tokens.get(at));
        let text = |at: usize| matches!(tokens.get(at), Some(Token::SingleQuotedString(_)));
        let mut take = |hole: Hole, to: usize| out.push(Piece::Hole(hole, shown(at, to)));
        let mut next = at + 1;
        match &tokens[at] {
            Token::Number(..) if before == "INTERVAL" || before == "CHAR" || before == "DECIMAL" => {
                out.push(Piece::Text(shown(at, next)));
            }
            Token::Number(digits, _) if digits.contains(['e', 'E']) => take("DOUBLE", next),
            Token::Number(digits, _) if digits.contains('.') => take("DECIMAL", next),
            Token::Number(digits, _) if digits.parse::<i32>().is_ok() => take("INTEGER", next),
            Token::SingleQuotedString(_) if before.is_empty() => take("VARCHAR", next),
            Token::HexStringLiteral(_) => take("VARBINARY", next),
            Token::Word(_) if ["DATE", "TIMESTAMP", "TIME", "DOUBLE"].contains(&this.as_str()) && text(at + 2) => {
                next = at + 3;
                take(COLUMNS.iter().find(|(h, _)| *h == this)?.0, next);
            }
            Token::Word(_) if this == "TRUE" || this == "FALSE" => take("BOOLEAN", next),
            Token::Word(_) if this == "ARRAY" && tokens.get(at + 1) == Some(&Token::LBracket) => {
                let first = tokens.get(at + 2);
                let hole = match first {
                    Some(Token::Number(digits, _)) if digits.parse::<i32>().is_ok() => Some("INTEGER ARRAY"),
                    Some(Token::SingleQuotedString(_)) => Some("VARCHAR ARRAY"),
                    _ => None,
                };
                match hole {
                    Some(hole) => {
                        next = closing(&tokens, at + 1)? + 1;
                        take(hole, next);
                    }
                    None => out.push(Piece::Text(shown(at, next))),
                }
            }
            Token::Word(_) if this == "PARSE_JSON" && tokens.get(at + 1) == Some(&Token::LParen) && at > 0 => {
                next = closing(&tokens, at + 1)? + 1;
                take("VARIANT", next);
            }
            _ => out.push(Piece::Text(shown(at, next))),
        }
        if !matches!(tokens[at], Token::Whitespace(_)) {
            // (The number in DECIMAL(3, 1) comes after a parenthesis.)
            let keeps = matches!(tokens[at], Token::LParen | Token::Comma) && (before == "DECIMAL" || before == "CHAR");
            before = if keeps { before } else { word(tokens.get(next - 1)) };
            // Words that are followed by strings which are no texts.
            if ![
                "INTERVAL",
                "DATE",
                "TIME",
                "TIMESTAMP",
                "DOUBLE",
                "REAL",
                "UUID",
                "ZONE",
                "U",
                "X",
                "DECIMAL",
                "CHAR",
                "ESCAPE",
            ]
            .contains(&before.as_str())
            {
                before.clear();
            }
        }
        at = next;
    }
    Some(out)
}

fn program(sql: &str, passes: Passes) -> Option<Circuit> {
    let source = format!("{TABLE}CREATE VIEW weir AS SELECT id, {sql} AS z FROM t;");
    Some(compile_with(&source, passes).ok()?.circuit)
}

/// The circuit of one expression over the table; what has no place in a view is cast to text.
pub(crate) fn circuit(sql: &str, passes: Passes) -> Option<Circuit> {
    program(sql, passes).or_else(|| program(&format!("CAST({sql} AS VARCHAR)"), passes))
}

/// Whether an expression can be a column of a view without being cast to text.
#[allow(dead_code, reason = "only one of the tests puts many into one program")]
pub(crate) fn direct(sql: &str) -> bool {
    program(sql, Passes::NONE).is_some()
}

/// Expressions of examples.
pub(crate) struct Generator {
    examples: Vec<Vec<Piece>>,
    known: HashMap<Hole, Vec<String>>,
    random: Random,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator { examples: templates(), known: HashMap::new(), random: Random(seed) }
    }

    /// Examples with something to replace.
    pub(crate) fn examples(&self) -> usize {
        self.examples.len()
    }

    /// Something else in place of a literal.
    fn fill(&mut self, hole: Hole, literal: &str) -> String {
        let chance = self.random.below(20);
        let known = self.known.get(hole).map_or(&[][..], Vec::as_slice);
        if chance < 6 || chance > 16 && known.is_empty() {
            literal.to_string()
        } else if chance > 16 {
            format!("({})", self.random.pick(known))
        } else {
            self.random.pick(columns_of(hole)).to_string()
        }
    }

    /// A new expression made of an example; `None` if it does not compile.
    pub(crate) fn of(&mut self, example: usize) -> Option<Expression> {
        let pieces = self.examples[example].clone();
        let mut sql = String::new();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => sql.push_str(text),
                Piece::Hole(hole, literal) => sql.push_str(&self.fill(hole, literal)),
            }
        }
        // Some circuits need no table.
        let made = circuit(&sql, Passes::NONE).filter(|c| c.tables.len() == 1)?;
        let ty = made.views[0].columns[1].ty.sql.clone();
        let of_type = hole_of(&ty).map(|hole| self.known.entry(hole).or_default());
        if let Some(known) = of_type.filter(|_| sql.len() < LENGTH_MAX) {
            known.push(sql.clone());
        }
        Some(Expression { sql })
    }
}

/// Longer expressions are not nested further.
const LENGTH_MAX: usize = 200;

fn array<T>(items: &[Option<T>], write: impl Fn(&mut ItemWriter, &T)) -> Value {
    let mut out = ItemWriter::new();
    out.begin_array();
    for item in items {
        match item {
            Some(x) => write(&mut out, x),
            None => out.null(),
        }
    }
    out.end();
    Value::Item(out.finish().into())
}

/// A VARIANT, or a map of texts to numbers.
fn composite(random: &mut Random, variant: bool) -> Value {
    let mut out = ItemWriter::new();
    match random.below(6) {
        0 if variant => out.i32(7),
        1 if variant => out.text("a"),
        2 if variant => out.dec(1250, 3),
        3 if variant => out.item(Item::VARIANT_NULL),
        _ => {
            out.begin_map();
            for key in ["a", "b", "c d"].into_iter().take(random.below(4)) {
                out.text(key);
                if random.below(4) == 0 && !variant { out.null() } else { out.i32(random.below(9) as i32) }
            }
            out.end();
        }
    }
    Value::Item(out.finish().into())
}

/// Rows of the table, NULLs among them.
pub(crate) fn rows(seed: u64) -> Vec<Vec<Value>> {
    let mut r = Random(seed);
    let texts = ["", "a", "abc", "a,b,c", "Ünï x", "2026-08-07", "12", "%a_", "{\"a\": [1, 2.5]}", "07:05:00", "x'y"];
    let ints = [0, 1, 2, 3, -1, -2, 7, 31, 100, 2026, i32::MAX, i32::MIN];
    let doubles = [0.0, 1.0, -1.0, 0.5, 2.5, 1e300, -7.25, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let row = |id: usize| {
        let int = |r: &mut Random| Value::I32(*r.pick(&ints[..if id.is_multiple_of(3) { 12 } else { 10 }]));
        let text = |r: &mut Random| Value::text(texts[r.below(texts.len())]);
        let mut row = vec![Value::I32(id as i32), int(&mut r), int(&mut r)];
        row.push(Value::I64(*r.pick(&[0, 1, -1, 5, 1_000_000_007, i64::MAX, i64::MIN])));
        row.push(Value::Dec(*r.pick(&[0, 1, -1, 150, -250, 999_999])));
        row.extend([Value::F64(*r.pick(&doubles)), Value::F64(*r.pick(&doubles)), text(&mut r), text(&mut r)]);
        row.push(Value::Date(*r.pick(&[0, -1, 19_782, 20_672, -719_162, 2_932_896])));
        row.push(Value::Ts(*r.pick(&[
            0,
            -500_000,
            1_786_086_300_000_000,
            951_782_400_000_000,
            253_402_300_799_999_999,
        ])));
        row.push(Value::Time(*r.pick(&[0, 25_500_000_000_000, 86_399_999_999_999])));
        row.extend([Value::Bool(r.below(2) == 0), Value::Bool(r.below(2) == 0)]);
        row.push(Value::Bytes(b"\x00\xff1a"[..r.below(5)].into()));
        let numbers: Vec<Option<i32>> = (0..r.below(5)).map(|_| (r.below(4) > 0).then(|| r.below(5) as i32)).collect();
        row.push(array(&numbers, |out, x| out.i32(*x)));
        let words: Vec<Option<&str>> = (0..r.below(4)).map(|_| (r.below(4) > 0).then(|| *r.pick(&texts))).collect();
        row.push(array(&words, |out, x| out.text(x)));
        row.extend([composite(&mut r, false), composite(&mut r, true)]);
        // Columns that may be NULL.
        for c in [1, 3, 4, 5, 7, 9, 10, 11, 12, 14, 15, 16, 17, 18] {
            if r.below(7) == 0 {
                row[c] = Value::Null;
            }
        }
        row
    };
    (0..ROWS).map(row).collect()
}
