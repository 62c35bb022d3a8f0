//! The part of the reference that is about statements and queries. Its source is a file of cases, `tests/slt/forms.slt`, which are run like
//! all others.

use std::fmt::Write as _;

const FORMS: &str = include_str!("../../../../tests/slt/forms.slt");

/// A block of the file: what it says, SQL, and rows.
#[derive(Default)]
struct Block {
    head: String,
    comments: Vec<String>,
    sql: Vec<String>,
    rows: Option<Vec<String>>,
}

fn block(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        if line.starts_with('#') {
            block.comments.push(line.to_string());
        } else if block.head.is_empty() {
            block.head = line.to_string();
        } else if line == "----" {
            block.rows = Some(vec![]);
        } else {
            block.rows.as_mut().unwrap_or(&mut block.sql).push(line.to_string());
        }
    }
    block
}

/// Chapters with their forms, each with its examples.
pub(super) fn chapters(out: &mut String) {
    out.push_str("## Statements and queries\n\nThe examples are about these tables; it is noon of 18 March 2026. A program is a list of statements, each with a semicolon; what is shown as a query stands after `CREATE VIEW name AS`.\n\n");
    let mut before_chapters = true;
    for text in FORMS.split("\n\n").map(str::trim) {
        let block = block(text);
        for comment in &block.comments {
            if let Some(title) = comment.strip_prefix("#= ") {
                before_chapters = false;
                let _ = writeln!(out, "### {title}\n");
            } else if let Some(title) = comment.strip_prefix("#- ") {
                let _ = writeln!(out, "#### {title}\n");
            } else if !before_chapters {
                let _ = writeln!(out, "{}\n", comment.trim_start_matches("# "));
            }
        }
        let sql = block.sql.join("\n");
        let mut words = block.head.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("statement"), Some("ok"), _) => {
                let _ = writeln!(out, "```sql\n{sql};\n```\n");
            }
            (Some("statement"), Some(kind), Some(part)) => {
                let what = if kind == "error" { "stops the pipeline" } else { "is refused" };
                let _ = writeln!(out, "```sql\n{sql};\n```\n\n{what}: \"… {part} …\"\n");
            }
            (Some("query"), ..) => {
                let rows = block.rows.unwrap_or_default().join("\n");
                let _ = writeln!(out, "```sql\n{sql}\n```\n\n```text\n{rows}\n```\n");
            }
            _ => {}
        }
    }
}
