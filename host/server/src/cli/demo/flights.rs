//! Real flights: which airports are late?

use super::Screen;
use super::client::Client;
use serde_json::Value;
use std::time::{Duration, Instant};

const PROGRAM: &str = include_str!("../../../../../examples/flights/program.sql");
const AIRPORTS: &str = include_str!("../../../../../examples/flights/airports.csv");
const FLIGHTS: &str = include_str!("../../../../../examples/flights/flights.ndjson");
/// Asked of the pipeline while it runs.
const QUESTION: &str =
    "SELECT from_city, to_city, flights, late FROM late_routes ORDER BY late DESC, from_city LIMIT 3";
const NAME: &str = "demo-flights";
/// Flights sent at once.
const BATCH: usize = 250;
/// Between two batches, so that people can watch.
const PAUSE: Duration = Duration::from_millis(60);
/// Airports shown.
const SHOWN: usize = 8;

pub(super) async fn show(client: &Client, screen: &mut Screen) -> anyhow::Result<()> {
    screen.title("1. Ten thousand real flights, joined with airports, grouped, kept up to date");
    client.deploy(screen, NAME, PROGRAM, 2).await?;
    let delays = client.listen(NAME, "airport_delays").await?;
    let unknown = client.listen(NAME, "unknown_airports").await?;
    client.send(NAME, "airports", &[("format", "csv")], AIRPORTS).await?;
    let lines: Vec<&str> = FLIGHTS.lines().collect();
    let begin = Instant::now();
    let mut spent = Duration::ZERO;
    for (i, batch) in lines.chunks(BATCH).enumerate() {
        let before = Instant::now();
        client.send(NAME, "flights", super::RAW, batch.join("\n")).await?;
        spent += before.elapsed();
        if screen.is_live() {
            tokio::time::sleep(PAUSE).await;
        }
        let sent = ((i + 1) * BATCH).min(lines.len());
        if screen.is_live() || sent == lines.len() {
            if sent == lines.len() {
                settle(&delays).await;
            }
            draw(
                screen,
                &delays.rows(),
                &format!("{sent} flights sent, {} changes of the view received", delays.changes()),
            );
        }
    }
    screen.line(&format!(
        "  {} flights in {:.1} s ({:.0} ms of it sending); {} airports without a name.",
        lines.len(),
        begin.elapsed().as_secs_f64(),
        spent.as_secs_f64() * 1e3,
        unknown.rows().len()
    ));
    anyhow::ensure!(!delays.rows().is_empty(), "the view stayed empty");
    let begin = Instant::now();
    let answer = client.query(NAME, QUESTION).await?;
    screen.line(&format!(
        "  A question asked of the running pipeline, answered in {:.0} ms:",
        begin.elapsed().as_secs_f64() * 1e3
    ));
    screen.line(&format!("    {QUESTION}"));
    for line in answer.lines() {
        screen.line(&format!("    {line}"));
    }
    client.shut_down(NAME).await
}

/// Waits until no more changes come.
pub(super) async fn settle(contents: &super::client::Contents) {
    const QUIET: Duration = Duration::from_millis(300);
    loop {
        let before = contents.changes();
        tokio::time::sleep(QUIET).await;
        if contents.changes() == before {
            return;
        }
    }
}

fn draw(screen: &mut Screen, rows: &[Value], caption: &str) {
    let mut rows: Vec<&Value> = rows.iter().collect();
    let delay = |r: &Value| r["mean_delay"].as_f64().unwrap_or(0.0);
    rows.sort_by(|a, b| delay(b).total_cmp(&delay(a)));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .take(SHOWN)
        .map(|r| {
            vec![
                r["city"].as_str().unwrap_or("").to_owned(),
                r["flights"].to_string(),
                format!("{:.1}", delay(r)),
                r["worst_delay"].to_string(),
                r["very_late"].to_string(),
            ]
        })
        .collect();
    screen.table(caption, &["latest airports", "flights", "mean delay, min", "worst", "over an hour"], &cells);
}
