//! `weir run`: a program over files, without a server.

use super::CacheArgs;
use super::build::ProfileArg;
use super::udf::UdfArgs;
use crate::controller::RunningProgram;
use anyhow::{Context, bail};
use clap::Args;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use weir_circuit::Circuit;
use weir_compiler::{Artifact, CancelToken, CompileRequest, Profile};
use weir_io::{
    Changes, CsvReader, JsonConfig, JsonFlavor, JsonReader, ParseError, Reader, UpdateFormat, events, write_json_row,
};
use weir_row::Block;
use weir_runtime::{Cycle, Engine, Pipeline, PipelineOptions, Program};

/// Bytes read from a file at once.
const READ_BYTES: usize = 256 << 10;
/// Errors about input that are shown; more are only counted.
const ERRORS_SHOWN_MAX: usize = 20;
/// Workers that may be asked for.
const WORKERS_MAX: u16 = 64;

/// Arguments of `weir run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  weir run prog.sql --input flights=flights.json --input airports=airports.csv\n  producer | weir run prog.sql --input t=- --step-rows 1\n\nA file's name tells its format: .csv is CSV, everything else is JSON, one record after the other or one array, \
either rows or {\"insert\": ..}, {\"delete\": ..}, {\"update\": ..} events. Each change of a view is a line of JSON on stdout."
)]
pub(super) struct RunArgs {
    /// A SQL program, or a component made by `weir build`.
    file: PathBuf,
    /// Rows of a table: a file, or - for stdin. May be given often.
    #[arg(short, long = "input", value_name = "TABLE=FILE", value_parser = parse_input)]
    inputs: Vec<InputArg>,
    /// Worker instances, each on a thread of its own.
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=i64::from(WORKERS_MAX)))]
    workers: u16,
    /// Rows that one step takes in.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    step_rows: u32,
    /// CSV files begin with a line of column names, which is skipped.
    #[arg(long)]
    csv_header: bool,
    /// Print nothing but the summary.
    #[arg(short, long)]
    quiet: bool,
    /// How much work goes into the program's speed.
    #[arg(long, value_enum, default_value = "optimized")]
    profile: ProfileArg,
    #[command(flatten)]
    udf: UdfArgs,
    #[command(flatten)]
    cache: CacheArgs,
}

/// `TABLE=FILE`.
#[derive(Clone, Debug)]
struct InputArg {
    table: String,
    file: PathBuf,
}

fn parse_input(text: &str) -> Result<InputArg, String> {
    match text.split_once('=') {
        Some((table, file)) if !table.is_empty() && !file.is_empty() => {
            Ok(InputArg { table: table.into(), file: file.into() })
        }
        _ => Err("expected TABLE=FILE".into()),
    }
}

pub(super) fn main(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let (artifact, interpreted) = artifact(args)?;
    let engine = Engine::new()?;
    let mut program = Program::load(&engine, &artifact.native, &artifact.native_sha256)?;
    if let Some(circuit) = interpreted {
        program = program.with_circuit(&circuit)?;
    }
    let options = PipelineOptions {
        workers: u32::from(args.workers),
        log: Some(Arc::new(|line: &weir_runtime::LogLine| eprintln!("{}", crate::logs::line(line)))),
        ..PipelineOptions::default()
    };
    let mut pipeline = Pipeline::open(&program, options)?;
    let circuit: Circuit =
        serde_json::from_str(&pipeline.describe()?).context("the component describes no circuit of this version")?;
    let mut session = Session {
        program: RunningProgram::new(&circuit),
        pipeline: &mut pipeline,
        out: BufWriter::new(std::io::stdout().lock()),
        quiet: args.quiet,
        steps: 0,
        rows: 0,
        changes: 0,
    };
    let begin = Instant::now();
    // The first step puts out what is there without any input.
    session.step(Vec::new())?;
    let mut bad = 0;
    for input in &args.inputs {
        bad += session.feed(input, args)?;
    }
    session.out.flush()?;
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!(
        "{} rows in {} steps, {} changes of views, {seconds:.3} s ({:.0} rows/s)",
        session.rows,
        session.steps,
        session.changes,
        session.rows as f64 / seconds.max(1e-9)
    );
    if bad > 0 {
        eprintln!("{bad} records could not be read");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The compiled program, from SQL or from a component; or the engine, and the circuit that it runs.
fn artifact(args: &RunArgs) -> anyhow::Result<(Artifact, Option<Vec<u8>>)> {
    let compiler = super::compiler::open(&args.cache)?;
    if args.file.extension().is_some_and(|e| e == "wasm") {
        return Ok((compiler.compile_wasm(&args.file, &CancelToken::new())?, None));
    }
    let program = super::compiler::read_sql(&args.file)?;
    super::compiler::provision(&compiler)?;
    let profile = args.profile.into();
    let user = args.udf.user_code(&program)?;
    if profile == Profile::Dev && user.is_none() {
        let engine = compiler.engine(&|step| eprintln!("{step}"), &CancelToken::new())?;
        return Ok((engine, Some(serde_json::to_vec(&program.circuit)?)));
    }
    let request = CompileRequest { source: weir_sql::generate(&program.circuit), profile, user };
    Ok((compiler.compile(&request, &CancelToken::new())?, None))
}

/// A pipeline being fed.
struct Session<'a, W: Write> {
    program: RunningProgram,
    pipeline: &'a mut Pipeline,
    out: W,
    quiet: bool,
    steps: u64,
    rows: u64,
    changes: u64,
}

impl<W: Write> Session<'_, W> {
    /// Feeds a file; returns how many of its records could not be read.
    fn feed(&mut self, input: &InputArg, args: &RunArgs) -> anyhow::Result<usize> {
        let Some(table) = self.program.find_table(&input.table) else {
            let names: Vec<&str> =
                self.program.relations[self.program.views..].iter().map(|r| r.name.as_str()).collect();
            bail!("the program has no table '{}'; it has: {}", input.table, names.join(", "));
        };
        let mut source: Box<dyn Read> = if input.file.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(File::open(&input.file).with_context(|| format!("opening {}", input.file.display()))?)
        };
        let mut buffer = vec![0; READ_BYTES];
        let mut have = source.read(&mut buffer)?;
        let columns = Arc::clone(&self.program.tables[table]);
        let mut changes = Changes::new(&columns, usize::from(args.workers));
        let csv = input.file.extension().is_some_and(|e| e == "csv");
        let mut skip_line = csv && args.csv_header;
        let mut reader = if csv {
            Reader::Csv(Box::new(CsvReader::new(columns, 0)))
        } else {
            Reader::Json(JsonReader::new(columns, guess_config(&buffer[..have]), 0))
        };
        let (mut errors, mut bad) = (Vec::new(), 0);
        while have > 0 {
            let mut bytes = &buffer[..have];
            if skip_line {
                match bytes.iter().position(|b| *b == b'\n') {
                    Some(at) => {
                        bytes = &bytes[at + 1..];
                        skip_line = false;
                    }
                    None => bytes = &[],
                }
            }
            // In small pieces, so that a step takes in about as many rows as asked for.
            for piece in bytes.chunks((args.step_rows as usize * 16).clamp(16, READ_BYTES)) {
                reader.push(piece, &mut changes, &mut errors);
                if changes.rows() >= args.step_rows as usize {
                    self.ingest(table, &mut changes)?;
                }
            }
            report(&mut errors, &mut bad, input);
            have = source.read(&mut buffer)?;
        }
        reader.finish(&mut changes, &mut errors);
        report(&mut errors, &mut bad, input);
        self.ingest(table, &mut changes)?;
        Ok(bad)
    }

    fn ingest(&mut self, table: usize, changes: &mut Changes) -> anyhow::Result<()> {
        if changes.rows() == 0 {
            return Ok(());
        }
        self.rows += changes.rows() as u64;
        let ingest = changes.take().into_iter().map(|blocks| vec![(table as u32, blocks)]).collect();
        self.step(ingest)
    }

    /// One step with these changes for each worker.
    fn step(&mut self, ingest: Vec<Vec<(u32, Vec<Block>)>>) -> anyhow::Result<()> {
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64);
        let deltas = (0..self.program.views as u32).collect();
        let output = self.pipeline.cycle(Cycle { ingest, now_us, deltas })?;
        self.steps += 1;
        for (view, delta) in output.deltas.iter().enumerate() {
            let relation = &self.program.relations[view];
            let name = serde_json::to_string(&relation.name)?;
            for event in events(delta)? {
                self.changes += 1;
                if self.quiet {
                    continue;
                }
                let action = if event.insert { "insert" } else { "delete" };
                let mut line = format!("{{\"view\":{name},\"{action}\":").into_bytes();
                write_json_row(&relation.columns, &relation.layout, JsonFlavor::Default, event.row, &mut line)?;
                line.extend_from_slice(b"}\n");
                self.out.write_all(&line)?;
            }
        }
        if !self.quiet {
            self.out.flush()?;
        }
        Ok(())
    }
}

/// What a JSON file seems to hold: one array or records; events or rows.
fn guess_config(beginning: &[u8]) -> JsonConfig {
    let text = beginning.trim_ascii_start();
    let after_bracket = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    let array = after_bracket.is_some_and(|rest| matches!(rest.first(), Some(b'{' | b'[')));
    let object = if array { after_bracket.unwrap_or(text) } else { text };
    let key = object.strip_prefix(b"{").map(<[u8]>::trim_ascii_start).unwrap_or(b"");
    let is_event = [&b"\"insert\""[..], b"\"delete\"", b"\"update\""].iter().any(|k| key.starts_with(k));
    let update_format = if is_event { UpdateFormat::InsertDelete } else { UpdateFormat::Raw };
    JsonConfig { update_format, array, ..JsonConfig::default() }
}

fn report(errors: &mut Vec<ParseError>, bad: &mut usize, input: &InputArg) {
    for e in errors.drain(..) {
        *bad += 1;
        if *bad <= ERRORS_SHOWN_MAX {
            let number = e.event_number.unwrap_or(0);
            eprintln!("{}: record {number}: {}", input.file.display(), e.description);
            if let Some(text) = e.invalid_text {
                eprintln!("    {text}");
            }
        }
    }
}
