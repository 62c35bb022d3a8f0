//! The reference page, made of the registry, and the registry's examples.

use super::index::{INDEX, Page, entries};
use super::{param, registry};
use std::fmt::Write as _;
use weir_functions::catalog::{Family, Function, Shape};

/// What an example does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A value, as CAST to VARCHAR writes it; `NULL` is NULL.
    Gives(&'static str),
    /// It stops the pipeline with a message that contains this.
    Fails(&'static str),
    /// It does not compile, and a message contains this.
    Refused(&'static str),
}

/// An example of the reference.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The entry that it belongs to.
    pub of: &'static str,
    /// An expression.
    pub sql: &'static str,
    /// What it does.
    pub outcome: Outcome,
}

fn examples_of(f: &'static Function) -> impl Iterator<Item = Example> {
    let of = f.names[0];
    let gives = f.gives.iter().map(|(sql, text)| (sql, Outcome::Gives(text)));
    let fails = f.fails.iter().map(|(sql, part)| (sql, Outcome::Fails(part)));
    let refuses = f.refuses.iter().map(|(sql, part)| (sql, Outcome::Refused(part)));
    gives.chain(fails).chain(refuses).map(move |(sql, outcome)| Example { of, sql, outcome })
}

/// All examples of the reference.
pub fn examples() -> impl Iterator<Item = Example> {
    registry().flat_map(examples_of)
}

/// The text of `docs/sql-reference.md`.
pub fn reference() -> String {
    let mut out = String::from(
        "# SQL reference\n\nMade from the registry of functions (`cargo run -p weir-sql --example sql_reference > docs/sql-reference.md`); \
         every example is run as a test. A form given by types is *strict*: NULL if an argument is. Strings given where a number or a \
         point in time is wanted are converted. Values are shown as `CAST(.. AS VARCHAR)` writes them; *stops* means that the pipeline \
         stops with an error, *refused* that the program does not compile.\n\n",
    );
    let (have, all) = count();
    let _ = writeln!(
        out,
        "**{have} of {all}** entries of the language's index are there, on every page that the index has them on; the [table](#coverage) says which.\n"
    );
    out.push_str(
        "Below: [statements and queries](#statements-and-queries), then functions and operators by family.\n\n",
    );
    super::forms::chapters(&mut out);
    for family in Family::ALL {
        let of_family: Vec<_> = registry().filter(|f| f.families.contains(&family)).collect();
        if of_family.is_empty() {
            continue;
        }
        let _ = writeln!(out, "## {}\n", title(family));
        let (mut here, elsewhere): (Vec<&'static Function>, Vec<&'static Function>) =
            of_family.into_iter().partition(|f| f.families[0] == family);
        if !elsewhere.is_empty() {
            let links: Vec<_> = elsewhere.iter().map(|f| link(f)).collect();
            let _ = writeln!(out, "See also {}.\n", links.join(", "));
        }
        here.sort_by_key(|f| f.names[0]);
        here.into_iter().for_each(|f| entry(&mut out, f));
    }
    coverage(&mut out);
    out
}

/// Entries of the index that are there on all of their pages, and all.
fn count() -> (usize, usize) {
    entries().fold((0, 0), |(have, all), (name, pages)| {
        let whole = pages.iter().all(|page| built(page, name).is_some());
        (have + usize::from(whole), all + 1)
    })
}

/// The registry's entry of a page's name.
fn built(page: &Page, name: &str) -> Option<&'static Function> {
    registry().find(|f| f.families.contains(&page.family) && f.names.iter().any(|n| n.eq_ignore_ascii_case(name)))
}

fn title(family: Family) -> String {
    let name = family.name();
    name[..1].to_uppercase() + &name[1..]
}

/// An entry's anchor: letters and digits as they are, others by number. Entries of one name are told apart by their families.
fn anchor(f: &Function) -> String {
    let mut out = format!("{}-", f.families[0].name());
    for c in f.names[0].chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            ' ' | '_' => out.push('-'),
            c => {
                let _ = write!(out, "{:x}", u32::from(c));
            }
        }
    }
    out
}

fn link(f: &Function) -> String {
    format!("[{}](#{})", code(&f.names[0].to_uppercase()), anchor(f))
}

/// Text as code; bars end cells of tables.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// One entry.
fn entry(out: &mut String, f: &'static Function) {
    let upper = f.names[0].to_uppercase();
    let _ = writeln!(out, "<a id=\"{}\"></a>\n### `{upper}`\n\n{}\n", anchor(f), f.doc);
    // (Names with blanks that share an entry are the parser's own.)
    let synonyms: Vec<_> =
        f.names[1..].iter().filter(|n| !n.contains(' ')).map(|n| format!("`{}`", n.to_uppercase())).collect();
    if !synonyms.is_empty() {
        let _ = writeln!(out, "Also written {}.\n", synonyms.join(", "));
    }
    match f.shape {
        Shape::Forms(forms) => forms.iter().for_each(|form| {
            let _ = writeln!(out, "- `{upper}({}) → {}`", param::signature(form), param::result_name(form));
        }),
        Shape::Written(forms) => forms.iter().for_each(|form| {
            let _ = writeln!(out, "- `{form}`");
        }),
    }
    out.push_str("\n| example | value |\n|---|---|\n");
    for example in examples_of(f) {
        let outcome = match example.outcome {
            Outcome::Gives("") => "*the empty string*".to_string(),
            Outcome::Gives(text) => code(text),
            Outcome::Fails(_) => "*stops*".to_string(),
            Outcome::Refused(_) => "*refused*".to_string(),
        };
        let _ = writeln!(out, "| {} | {outcome} |", code(example.sql));
    }
    out.push('\n');
}

/// The table of the index.
fn coverage(out: &mut String) {
    out.push_str("## Coverage\n\nThe language's index, page by page.\n\n| page | entry | |\n|---|---|---|\n");
    for page in INDEX {
        for name in page.names {
            let place = match built(page, name) {
                Some(f) => format!("[yes](#{})", anchor(f)),
                None => format!("not yet: needs {}", page.waits_for),
            };
            let _ = writeln!(out, "| {} | {} | {place} |", page.family.name(), code(name));
        }
    }
}
