//! Answers, for people.

use crate::api::PipelineSelectedInfo;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use weir_catalog::{ProgramStatus, Relation};

/// Prints an answer as it came.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

pub(super) fn text(text: &str) -> anyhow::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// Tells of a compilation's progress.
pub(super) fn progress(status: &ProgramStatus) {
    let what = match status {
        ProgramStatus::Pending => "waiting for the compiler",
        ProgramStatus::CompilingSql => "compiling SQL",
        ProgramStatus::SqlCompiled => "waiting for the Rust compiler",
        ProgramStatus::CompilingRust => "compiling Rust",
        ProgramStatus::Success => "compiled",
        ProgramStatus::SqlError(_) | ProgramStatus::RustError(_) | ProgramStatus::SystemError(_) => return,
    };
    eprintln!("  {what}");
}

fn program(status: &ProgramStatus) -> &'static str {
    match status {
        ProgramStatus::Pending => "Pending",
        ProgramStatus::CompilingSql => "CompilingSql",
        ProgramStatus::SqlCompiled => "SqlCompiled",
        ProgramStatus::CompilingRust => "CompilingRust",
        ProgramStatus::Success => "Success",
        ProgramStatus::SqlError(_) => "SqlError",
        ProgramStatus::RustError(_) => "RustError",
        ProgramStatus::SystemError(_) => "SystemError",
    }
}

/// A table of all pipelines.
pub(super) fn list(pipelines: &[PipelineSelectedInfo]) -> anyhow::Result<()> {
    let heads = ["NAME", "PROGRAM", "STATUS", "SINCE", "VERSION"].map(String::from);
    let rows: Vec<[String; 5]> = std::iter::once(heads)
        .chain(pipelines.iter().map(|p| {
            let status = if p.deployment_status.to_string() == p.deployment_desired_status.to_string() {
                p.deployment_status.to_string()
            } else {
                format!("{} (to be {})", p.deployment_status, p.deployment_desired_status)
            };
            [
                p.name.clone(),
                program(&p.program_status).into(),
                status,
                p.deployment_status_since.format("%Y-%m-%d %H:%M:%S").to_string(),
                p.version.to_string(),
            ]
        }))
        .collect();
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:width$}  ")?;
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    text(&out)
}

/// A pipeline, a fact a line.
pub(super) fn pipeline(p: &PipelineSelectedInfo) -> anyhow::Result<()> {
    let mut out = String::new();
    writeln!(out, "{}  {}", p.name, p.description)?;
    writeln!(out, "  program     {} (version {})", program(&p.program_status), p.program_version)?;
    writeln!(out, "  deployment  {}, wished {}", p.deployment_status, p.deployment_desired_status)?;
    writeln!(out, "  since       {}", p.deployment_status_since.format("%Y-%m-%d %H:%M:%S UTC"))?;
    if let Some(config) = &p.runtime_config {
        writeln!(out, "  workers     {}", config.workers)?;
    }
    if let Some(error) = &p.deployment_error {
        writeln!(out, "  error       {} ({})", error.message, error.error_code)?;
    }
    if let ProgramStatus::SqlError(messages) = &p.program_status {
        for m in messages {
            writeln!(out, "  error       {}:{}: {}", m.start_line_number, m.start_column, m.message)?;
        }
    }
    if let Some(Some(info)) = &p.program_info {
        for (kind, relations) in [("table", &info.schema.inputs), ("view", &info.schema.outputs)] {
            for relation in relations {
                writeln!(out, "  {kind:11} {}", described(relation))?;
            }
        }
    }
    text(&out)
}

fn described(relation: &Relation) -> String {
    let columns: Vec<String> = relation
        .fields
        .iter()
        .map(|f| {
            let null = if f.columntype.nullable { "" } else { " NOT NULL" };
            format!("{} {}{null}", f.name, f.columntype.sql_type)
        })
        .collect();
    format!("{}({})", relation.name, columns.join(", "))
}

/// The figures that people look at first.
pub(super) fn stats(stats: &Value) -> anyhow::Result<()> {
    let mut out = String::new();
    for (key, value) in stats["global_metrics"].as_object().into_iter().flatten() {
        writeln!(out, "{key:28} {value}")?;
    }
    for (side, records) in [("inputs", "total_records"), ("outputs", "transmitted_records")] {
        for endpoint in stats[side].as_array().into_iter().flatten() {
            let name = endpoint["endpoint_name"].as_str().unwrap_or_default();
            writeln!(out, "{:28} {}", format!("{side}: {name}"), endpoint["metrics"][records])?;
        }
    }
    text(&out)
}
