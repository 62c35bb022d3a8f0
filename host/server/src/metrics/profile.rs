//! Profiles of a circuit: a drawing of each worker's operators with what they did, and where memory is.

use super::pprof::MemorySample;
use crate::controller::OperatorProfile;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::Duration;
use weir_circuit::{Circuit, DotNote, Op};
use zip::write::SimpleFileOptions;
use zip::{ZipWriter, result::ZipError};

/// Makes a PDF of each drawing.
const MAKEFILE: &str = "# Draws the circuit of each worker: needs Graphviz.
DRAWINGS := $(patsubst %.dot,%.pdf,$(wildcard *.dot))

all: $(DRAWINGS)

%.pdf: %.dot
\tdot -Tpdf -o $@ $<

clean:
\trm -f $(DRAWINGS)

.PHONY: all clean
";

/// A zip of the drawings, in the folder `profile/<now_us>`: `<worker>.dot` and a Makefile.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn circuit_zip(circuit: &Circuit, workers: &[Vec<OperatorProfile>], now_us: u128) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (worker, operators) in workers.iter().enumerate() {
        zip.start_file(format!("profile/{now_us}/{worker}.dot"), options)?;
        zip.write_all(drawing(circuit, operators).as_bytes())?;
    }
    zip.start_file(format!("profile/{now_us}/Makefile"), options)?;
    zip.write_all(MAKEFILE.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// The circuit with what its operators did on one worker; the more of the time, the redder.
fn drawing(circuit: &Circuit, operators: &[OperatorProfile]) -> String {
    let busy = |o: &OperatorProfile| o.stats.busy + o.stats.committing;
    let all: Duration = operators.iter().map(busy).sum();
    circuit.dot_with(|node| {
        let o = operators.get(node)?;
        let share = if all.is_zero() { 0.0 } else { busy(o).as_secs_f64() / all.as_secs_f64() };
        let s = &o.stats;
        let mut lines = vec![
            format!("calls {}, rows in {}, rows out {}", s.calls, s.rows_in, s.rows_out),
            format!("time {} ({:.1} %)", time(busy(o)), share * 100.0),
        ];
        let mut parts = String::new();
        for (what, part) in [("merging", s.committing), ("waiting for workers besides", s.waiting)] {
            if !part.is_zero() {
                let comma = if parts.is_empty() { "" } else { ", " };
                let _ = write!(parts, "{comma}{what} {}", time(part));
            }
        }
        lines.extend((!parts.is_empty()).then_some(parts));
        if o.state_bytes > 0 {
            lines.push(format!("state {} rows, {} bytes", o.state_rows, o.state_bytes));
        }
        Some(DotNote { lines, heat: share })
    })
}

fn time(t: Duration) -> String {
    format!("{:.3} ms", t.as_secs_f64() * 1e3)
}

/// Memory by operator and worker; `memory_bytes` is all that the workers have, so the rest is named, too.
pub fn memory_samples(circuit: &Circuit, workers: &[Vec<OperatorProfile>], memory_bytes: u64) -> Vec<MemorySample> {
    let mut samples = Vec::new();
    let mut rest = memory_bytes;
    for (worker, operators) in workers.iter().enumerate() {
        for (node, (operator, of)) in circuit.nodes.iter().zip(operators).enumerate() {
            if of.state_bytes == 0 {
                continue;
            }
            let what = match &operator.op {
                Op::Table { table } => circuit.tables.get(*table).map_or("", |t| t.name.as_str()),
                Op::Output { view, .. } => circuit.views.get(*view).map_or("", |v| v.name.as_str()),
                _ => operator.note.as_str(),
            };
            let space = if what.is_empty() { "" } else { " " };
            let name = format!("{node}: {}{space}{what}", operator.op.name());
            let stack = vec![name, format!("worker {worker}")];
            samples.push(MemorySample { stack, rows: of.state_rows, bytes: of.state_bytes });
            rest = rest.saturating_sub(of.state_bytes);
        }
    }
    // Batches of the step in hand, the allocator's free memory, the program's own.
    samples.push(MemorySample { stack: vec!["memory outside of states".into()], rows: 0, bytes: rest });
    samples
}
