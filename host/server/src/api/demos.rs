//! Demos: SQL programs of a folder, offered to the clients' "new pipeline" menus.
//!
//! A file begins with comments: `-- Title (name)`, `--`, lines of description, `--`; its program is the whole file.

use super::pipelines::NO_CACHE;
use super::{AppState, ErrorResponse};
use anyhow::{Context, bail};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cap_std::fs::Dir;
use serde::Serialize;
use std::io::Read;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Bytes of a demo's file.
const BYTES_MAX: u64 = 1 << 20;
/// Demos that are read.
const DEMOS_MAX: usize = 1_000;

/// A program to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Demo {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub description: String,
    /// The SQL program.
    pub program_code: String,
    /// Rust functions that it uses.
    pub udf_rust: String,
    /// What they depend on.
    pub udf_toml: String,
}

/// The route of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_config_demos))
}

/// Returns the demos that the server offers.
#[utoipa::path(get, path = "/config/demos", tag = "Configuration", responses(
    (status = 200, description = "The demos.", body = Vec<Demo>),
    (status = 500, description = "They could not be read.", body = ErrorResponse),
))]
async fn get_config_demos(State(state): State<AppState>) -> Response {
    (NO_CACHE, Json(&*state.demos)).into_response()
}

/// Reads the demos of a folder, in order of their files' names. Files that are none are told of in the log and left out.
///
/// # Errors
/// The folder cannot be read.
pub fn read_demos(folder: &Dir) -> std::io::Result<Vec<Demo>> {
    let mut names: Vec<String> = folder
        .entries()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    names.sort();
    names.truncate(DEMOS_MAX);
    let read = |name: &String| match read_demo(folder, name) {
        Ok(demo) => Some(demo),
        Err(e) => {
            tracing::warn!(file = name, error = %e, "a demo is left out");
            None
        }
    };
    Ok(names.iter().filter_map(read).collect())
}

fn read_demo(folder: &Dir, file: &str) -> anyhow::Result<Demo> {
    let mut text = String::new();
    folder.open(file)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES_MAX {
        bail!("it is larger than {BYTES_MAX} bytes");
    }
    let beside = |extension: &str| {
        let path = file.trim_end_matches("sql").to_owned() + extension;
        match folder.open(path) {
            Ok(file) => {
                let mut text = String::new();
                file.take(BYTES_MAX).read_to_string(&mut text).map(|_| text)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(e),
        }
    };
    let (udf_rust, udf_toml) = (beside("udf.rs")?, beside("udf.toml")?);
    let (title, name, description) = preamble(&text)?;
    Ok(Demo { name, title, description, program_code: text, udf_rust, udf_toml })
}

/// Title, name and description of a demo.
fn preamble(text: &str) -> anyhow::Result<(String, String, String)> {
    let mut lines = text.lines();
    let form = "the first line must be '-- Title (name)'";
    let first = lines.next().and_then(|l| l.strip_prefix("-- ")).context(form)?.trim_end();
    let (title, name) = first.strip_suffix(')').and_then(|l| l.rsplit_once(" (")).context(form)?;
    weir_catalog::check_name(name)?;
    if lines.next().map(str::trim_end) != Some("--") {
        bail!("the second line must be '--'");
    }
    let mut description: Vec<&str> = Vec::new();
    for line in lines {
        match line.trim_end() {
            "--" => return Ok((title.to_owned(), name.to_owned(), description.join(" "))),
            line => description.push(line.strip_prefix("-- ").context("a line '--' must end the description")?.trim()),
        }
    }
    bail!("a line '--' must end the description")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    #[test]
    fn files_that_are_demos() {
        let dir = tempfile::tempdir().unwrap();
        let files = [
            ("b.sql", "-- Second (two)\n--\n-- One line.\n--\nCREATE TABLE t (n INT);\n"),
            ("a.sql", "-- First of (all) (one)\n--\n-- It shows\n-- two lines.\n--\n\nSELECT 1;"),
            ("a.udf.rs", "fn f() {}"),
            ("c.sql", "CREATE TABLE t (n INT);"),
            ("d.sql", "-- Title (bad name)\n--\n-- x\n--\n"),
            ("e.sql", "-- Title (name)\n--\n-- never ends\nSELECT 1;"),
            ("readme.md", "-- Title (name)\n--\n--\n"),
        ];
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let demos = read_demos(&Dir::open_ambient_dir(dir.path(), ambient_authority()).unwrap()).unwrap();
        let seen: Vec<_> = demos.iter().map(|d| (&*d.name, &*d.title, &*d.description, &*d.udf_rust)).collect();
        assert_eq!(
            seen,
            [("one", "First of (all)", "It shows two lines.", "fn f() {}"), ("two", "Second", "One line.", "")]
        );
        assert!(demos[1].program_code.ends_with("CREATE TABLE t (n INT);\n"));
    }
}
