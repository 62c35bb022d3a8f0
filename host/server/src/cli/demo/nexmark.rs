//! A live auction: events at a steady rate, views that follow within milliseconds.

use super::Screen;
use super::client::{Client, Contents};
use serde_json::Value;
use std::time::{Duration, Instant};
use weir_io::Nexmark;

const TABLES: &str = include_str!("../../../../../examples/nexmark/tables.sql");
const VIEWS: &str = include_str!("../../../../../examples/nexmark/demo.sql");
const NAME: &str = "demo-auction";
/// Between two batches of events.
const TICK: Duration = Duration::from_millis(50);
/// Between two pictures.
const PICTURE: Duration = Duration::from_millis(500);
/// Longest wait for the view to follow a batch.
const FOLLOW_MAX: Duration = Duration::from_secs(2);
/// Auctions shown.
const SHOWN: usize = 6;

pub(super) async fn show(client: &Client, screen: &mut Screen, rate: u64, length: Duration) -> anyhow::Result<()> {
    screen.title(&format!("2. A live auction (Nexmark): {rate} events a second for {} s", length.as_secs()));
    client.deploy(screen, NAME, &format!("{TABLES}\n{VIEWS}"), 2).await?;
    let busiest = client.listen(NAME, "busiest").await?;
    let categories = client.listen(NAME, "categories").await?;
    let stream = Nexmark::new(1, rate);
    let begin = Instant::now();
    let (mut sent, mut shown, mut latencies) = (0u64, Instant::now(), Vec::new());
    while begin.elapsed() < length {
        let due = (begin.elapsed().as_secs_f64() * rate as f64) as u64;
        if due == sent {
            tokio::time::sleep(TICK).await;
            continue;
        }
        let mut bodies: [(&str, String); 3] = Default::default();
        for (body, table) in bodies.iter_mut().zip(["person", "auction", "bid"]) {
            body.0 = table;
        }
        for n in sent..due {
            let event = stream.event(n);
            if let Some((_, text)) = bodies.iter_mut().find(|(table, _)| *table == event.table()) {
                text.push_str(&event.json().to_string());
                text.push('\n');
            }
        }
        sent = due;
        let before = Instant::now();
        for (table, text) in bodies.into_iter().filter(|(_, text)| !text.is_empty()) {
            client.send(NAME, table, super::RAW, text).await?;
        }
        if let Some(latency) = follow(&categories, before).await {
            latencies.push(latency);
        }
        if screen.is_live() && shown.elapsed() >= PICTURE {
            shown = Instant::now();
            draw(screen, &busiest.rows(), &caption(sent, begin.elapsed(), &busiest, &mut latencies));
        }
        tokio::time::sleep(TICK.saturating_sub(before.elapsed())).await;
    }
    super::flights::settle(&categories).await;
    let caption = caption(sent, begin.elapsed(), &busiest, &mut latencies);
    draw(screen, &busiest.rows(), &caption);
    let mut prices: Vec<String> = categories
        .rows()
        .iter()
        .map(|r| format!("{}: {:.2}", r["category"], r["mean_price"].as_f64().unwrap_or(0.0) / 100.0))
        .collect();
    prices.sort();
    screen.line(&format!("  Mean closing price by category: {}", prices.join(", ")));
    anyhow::ensure!(!prices.is_empty(), "the view stayed empty");
    client.shut_down(NAME).await
}

/// Time from a batch's sending to the first change of the view after it.
async fn follow(contents: &Contents, sent: Instant) -> Option<Duration> {
    while sent.elapsed() < FOLLOW_MAX {
        if let Some(last) = contents.last().filter(|last| *last > sent) {
            return Some(last - sent);
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    None
}

fn caption(sent: u64, elapsed: Duration, busiest: &Contents, latencies: &mut [Duration]) -> String {
    latencies.sort_unstable();
    let at = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).map_or(0.0, |d| d.as_secs_f64() * 1e3);
    format!(
        "{sent} events, {:.0}/s; {} changes received; from sending a batch to seeing the view change: median {:.1} ms, p99 {:.1} ms",
        sent as f64 / elapsed.as_secs_f64(),
        busiest.changes(),
        at(0.5),
        at(0.99)
    )
}

fn draw(screen: &mut Screen, rows: &[Value], caption: &str) {
    let mut rows: Vec<&Value> = rows.iter().collect();
    rows.sort_by_key(|r| std::cmp::Reverse(r["bids"].as_i64()));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .take(SHOWN)
        .map(|r| {
            vec![
                format!("auction {} of {}", r["id"], r["seller"].as_str().unwrap_or("")),
                r["state"].as_str().unwrap_or("").to_owned(),
                r["bids"].to_string(),
                format!("{:.2}", r["highest"].as_f64().unwrap_or(0.0) / 100.0),
            ]
        })
        .collect();
    screen.table(caption, &["busiest auctions", "state", "bids", "highest bid"], &cells);
}
