//! Reading `.slt` files; their README says what they are made of.

/// When something fails, and with what in its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Rows, sorted.
    Rows(Vec<String>),
    /// It stops the pipeline.
    Error(String),
    /// It does not compile.
    Refused(String),
}

/// Something that is run and compared.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Its line in the file, from 1.
    #[allow(dead_code, reason = "only one of the runners shows it")]
    pub(crate) line: usize,
    /// A query, a declaration or an expression.
    pub(crate) sql: String,
    /// Whether it is an expression.
    pub(crate) is_expression: bool,
    /// What comes of it.
    pub(crate) expected: Expected,
}

/// Declarations and rows, and what is run on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segment {
    /// CREATE statements.
    pub(crate) declarations: Vec<String>,
    /// INSERT statements, each with the number of steps before it.
    pub(crate) inserts: Vec<(usize, String)>,
    /// The steps' times, as they are written; what is inserted after them all comes in one more, at the time of the last.
    pub(crate) steps: Vec<String>,
    /// What is run.
    pub(crate) checks: Vec<Check>,
}

impl Segment {
    /// The segment for what follows, if it is added to.
    fn begin_next(&mut self, segments: &mut Vec<Segment>) {
        if !self.checks.is_empty() {
            let next = Segment { checks: vec![], ..self.clone() };
            segments.push(std::mem::replace(self, next));
        }
    }

    /// Takes in a statement that must succeed.
    fn add(&mut self, sql: &str) {
        let words: Vec<String> = sql.split_whitespace().take(3).map(str::to_lowercase).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["insert", ..] => self.inserts.push((self.steps.len(), sql.to_string())),
            ["drop", "table", name] => {
                let of_table = |s: &String, before: &str| {
                    s.to_lowercase().strip_prefix(before).is_some_and(|rest| {
                        rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(*name)
                    })
                };
                self.declarations.retain(|s| !of_table(s, "create table"));
                self.inserts.retain(|(_, s)| !of_table(s, "insert into"));
            }
            _ => self.declarations.push(sql.to_string()),
        }
    }
}

/// A case: `expression => value`.
fn case(text: &str, line: usize) -> Result<Check, String> {
    let Some((sql, value)) = text.rsplit_once(" => ") else { return Err(format!("line {line}: no ` => ` in: {text}")) };
    let value = value.trim();
    let expected = if let Some(part) = value.strip_prefix("!error") {
        Expected::Error(part.trim().to_string())
    } else if let Some(part) = value.strip_prefix("!refused") {
        Expected::Refused(part.trim().to_string())
    } else {
        Expected::Rows(vec![value.to_string()])
    };
    Ok(Check { line, sql: sql.trim().to_string(), is_expression: true, expected })
}

/// A file's segments, in order.
///
/// # Errors
/// The line that is none of a block.
pub(crate) fn read(text: &str) -> Result<Vec<Segment>, String> {
    let mut segments = vec![Segment::default()];
    let mut lines = (1..).zip(text.lines()).filter(|(_, l)| !l.starts_with('#')).peekable();
    while let Some((at, head)) = lines.next() {
        if head.trim().is_empty() {
            continue;
        }
        let mut body = vec![];
        while let Some((n, l)) = lines.next_if(|(_, l)| !l.trim().is_empty()) {
            body.push((n, l));
        }
        let sql = |lines: &[(usize, &str)]| {
            lines.iter().map(|(_, l)| *l).collect::<Vec<_>>().join("\n").trim_end().trim_end_matches(';').to_string()
        };
        // There is always one.
        let mut segment = segments.pop().unwrap_or_default();
        let (kind, rest) = head.split_once(' ').unwrap_or((head, ""));
        match (kind, rest.split_once(' ').unwrap_or((rest, ""))) {
            ("statement", ("ok", "")) => {
                segment.begin_next(&mut segments);
                segment.add(&sql(&body));
            }
            ("step", _) => {
                segment.begin_next(&mut segments);
                segment.steps.push(rest.trim().to_string());
            }
            ("statement", (how @ ("error" | "refused"), part)) => {
                let part = part.trim().to_string();
                let expected = if how == "error" { Expected::Error(part) } else { Expected::Refused(part) };
                segment.checks.push(Check { line: at, sql: sql(&body), is_expression: false, expected });
            }
            ("query", _) => {
                let Some(end) = body.iter().position(|(_, l)| l.trim() == "----") else {
                    return Err(format!("line {at}: a query without ----"));
                };
                let mut rows: Vec<String> = body[end + 1..].iter().map(|(_, l)| l.trim_end().to_string()).collect();
                rows.sort();
                let expected = Expected::Rows(rows);
                segment.checks.push(Check { line: at, sql: sql(&body[..end]), is_expression: false, expected });
            }
            ("cases", _) => {
                for (line, text) in body {
                    segment.checks.push(case(text, line)?);
                }
            }
            _ => return Err(format!("line {at}: no block begins with: {head}")),
        }
        segments.push(segment);
    }
    Ok(segments)
}
