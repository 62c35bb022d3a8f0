//! Nexmark's events by three sources: the same ones, going on where they were left, side by side; and the clock.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_circuit::{Column, ColumnDefault, Table as TableOfCircuit};
use weir_connectors::{Chunk, Grants, Position, Source, Table, source};
use weir_io::{Nexmark, TableColumns};
use weir_row::{ColumnType, SqlType};

fn table_of(name: &str, columns: &[(&str, ColumnType, Option<ColumnDefault>)]) -> Table {
    let column = |(name, ty, default): &(&str, ColumnType, Option<ColumnDefault>)| Column {
        name: (*name).into(),
        case_sensitive: false,
        ty: ty.clone(),
        default: default.clone(),
    };
    let circuit = TableOfCircuit {
        name: name.into(),
        case_sensitive: false,
        columns: columns.iter().map(column).collect(),
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    Table { name: name.into(), columns: Arc::new(TableColumns::new(&circuit)) }
}

fn made(table: &str, config: &Value) -> Box<dyn Source> {
    let table = table_of(table, &[("id", ColumnType::nullable(SqlType::BigInt), None)]);
    source("nexmark", &config.to_string(), &table).unwrap_or_else(|e| panic!("{config}: {e}"))
}

async fn opened(table: &str, config: &Value, at: Option<&Position>) -> Box<dyn Source> {
    let mut source = made(table, config);
    source.open(at, &Grants::default()).await.unwrap();
    source
}

/// The next chunk's rows.
async fn next(source: &mut dyn Source) -> Option<String> {
    match source.next().await.unwrap() {
        Chunk::Bytes(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
        Chunk::End => None,
        other => panic!("{other:?}"),
    }
}

async fn rest(source: &mut dyn Source) -> String {
    let mut all = String::new();
    while let Some(chunk) = next(source).await {
        all.push_str(&chunk);
    }
    all
}

fn event(source: &dyn Source) -> u64 {
    source.position(0).unwrap().at["event"].as_u64().unwrap()
}

#[tokio::test]
async fn the_sources_share_their_events() {
    let config = json!({ "events": 5_003, "seed": 3, "first_event_rate": 1_000 });
    for table in ["person", "auction", "bid"] {
        let stream = Nexmark::new(3, 1_000);
        let events = (0..5_003).map(|n| stream.event(n)).filter(|e| e.table() == table);
        let expected: String = events.map(|e| format!("{}\n", e.json())).collect();
        assert_eq!(rest(&mut *opened(table, &config, None).await).await, expected);
    }
    assert!(rest(&mut *opened("bid", &json!({ "events": 0 }), None).await).await.is_empty());
}

#[tokio::test]
async fn any_cut_is_a_position() {
    for table in ["person", "auction", "bid"] {
        let config = json!({ "events": 4_100, "seed": 1 });
        let whole = rest(&mut *opened(table, &config, None).await).await;
        let whole: Vec<&str> = whole.lines().collect();
        let (mut rows, mut at) = (0, None);
        for percent in [0, 3, 50, 99, 100, 17, 100, 100] {
            let mut source = opened(table, &config, at.as_ref()).await;
            let Some(chunk) = next(&mut *source).await else { break };
            // A reader has read up to the end of a row; what lies between rows it may have read or not.
            for between in [0, 1] {
                let cut = chunk.len() * percent / 100;
                let end = chunk[..cut].rfind('\n').map_or(0, |at| at + 1);
                let unread = chunk.len() - end + if end > 0 { between } else { 0 };
                let position = source.position(unread as u64).unwrap();
                let read = chunk[..end].lines().count();
                let rest = rest(&mut *opened(table, &config, Some(&position)).await).await;
                assert_eq!(rest.lines().collect::<Vec<_>>(), whole[rows + read..], "{table}: {percent}");
                if between == 1 {
                    (rows, at) = (rows + read, Some(position));
                }
            }
        }
        assert!(rows > whole.len() / 2, "{rows} of {}", whole.len());
    }
    let wrong = Position { at: json!({ "row": 1 }), within: false, header: None };
    assert!(made("bid", &json!({})).open(Some(&wrong), &Grants::default()).await.is_err());
}

#[tokio::test]
async fn sources_of_one_rate_stay_together() {
    const RATE: u64 = 10_000;
    let (config, begin) = (json!({ "rate": RATE }), Instant::now());
    let mut sources = [
        opened("person", &config, None).await,
        opened("auction", &config, None).await,
        opened("bid", &config, None).await,
    ];
    let take = async |sources: &mut [Box<dyn Source>], time: Duration| {
        let begin = Instant::now();
        while begin.elapsed() < time {
            for source in &mut *sources {
                next(&mut **source).await;
            }
        }
    };
    take(&mut sources, Duration::from_millis(300)).await;
    let events = sources.each_ref().map(|s| event(&**s));
    let drift = events.iter().max().unwrap() - events.iter().min().unwrap();
    assert!(drift < RATE / 5 && events[0] > RATE / 5, "{events:?}");
    // One waits for a while: no more than a second's worth comes at once, and then twice the rate until it is back.
    take(&mut sources[..2], Duration::from_millis(1_500)).await;
    let (behind, resumed) = (event(&*sources[2]), Instant::now());
    take(&mut sources[2..], Duration::from_millis(100)).await;
    let caught_up = event(&*sources[2]) - behind;
    let most = RATE + (resumed.elapsed().as_secs_f64() * 2.0 * RATE as f64) as u64 + 1;
    assert!(caught_up <= most && caught_up > RATE / 2, "{caught_up} events, {most} at most");
    while begin.elapsed() < Duration::from_millis(3_200) {
        take(&mut sources, Duration::from_millis(50)).await;
    }
    let events = sources.each_ref().map(|s| event(&**s));
    let drift = events.iter().max().unwrap() - events.iter().min().unwrap();
    let due = (begin.elapsed().as_secs_f64() * RATE as f64) as u64 + 1;
    assert!(drift < RATE / 5 && events.iter().all(|e| *e <= due), "{events:?}, {due} are due");
}

#[test]
fn what_is_wrong_is_said() {
    let table = |name| table_of(name, &[("id", ColumnType::nullable(SqlType::BigInt), None)]);
    for (name, config, said) in [
        ("bids", json!({}), "has no table 'bids'"),
        ("bid", json!({ "table": "people" }), "has no table 'people'"),
        ("bid", json!({ "rate": 0 }), "rate of 0"),
        ("bid", json!({ "first_event_rate": 0 }), "rate of 0"),
        ("bid", json!({ "event": 5 }), "unknown field `event`"),
        ("bid", json!({ "events": -1 }), "invalid value"),
    ] {
        let Err(e) = source("nexmark", &config.to_string(), &table(name)) else { panic!("{config} is taken") };
        assert!(e.message.contains(said), "{config}: {e}");
    }
    let upstream = json!({ "table": "BID", "threads": 4, "batch_size_per_thread": 1_000, "max_step_size_per_thread": 10_000, "synchronize_threads": true });
    assert!(source("nexmark", &upstream.to_string(), &table("events")).is_ok());
}

fn clock(columns: &[(&str, ColumnType, Option<ColumnDefault>)], config: &Value) -> Result<Box<dyn Source>, String> {
    source("clock", &config.to_string(), &table_of("t", columns)).map_err(|e| format!("{e}; {:?}", e.hint))
}

#[tokio::test]
async fn the_clock_ticks_and_tells_no_time_twice() {
    let at = ("at", ColumnType::nullable(SqlType::TimestampTz), None);
    let mut clock = clock(&[at], &json!({ "clock_resolution_usecs": 20_000 })).unwrap();
    assert!(clock.next().await.is_err(), "it is not open");
    clock.open(None, &Grants::default()).await.unwrap();
    let mut tick = async || match clock.next().await.unwrap() {
        Chunk::Messages(rows) if rows.len() == 1 => {
            let row: Value = serde_json::from_slice(&rows[0].bytes).unwrap();
            row["at"].as_str().unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    };
    let begin = Instant::now();
    let mut times = Vec::new();
    for _ in 0..4 {
        times.push(tick().await);
    }
    assert!(begin.elapsed() >= Duration::from_millis(59), "{:?}", begin.elapsed());
    // What passes while nobody asks is not told afterwards: one tick may be late, the next one is a tick away.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begin = Instant::now();
    for _ in 0..4 {
        times.push(tick().await);
    }
    assert!(begin.elapsed() >= Duration::from_millis(40), "{:?}", begin.elapsed());
    assert!(times.windows(2).all(|two| two[0] < two[1]) && times.iter().all(|t| t.ends_with("+00:00")), "{times:?}");
    // It is not resumed anywhere: now is now.
    assert!(clock.position(0).is_none());
}

#[test]
fn the_clock_needs_a_table_that_it_can_fill() {
    let ts = |name| (name, ColumnType::nullable(SqlType::Timestamp), None);
    let not_null = |name, sql, default| (name, ColumnType { sql, nullable: false }, default);
    assert!(clock(&[ts("at")], &json!({})).is_ok());
    assert!(clock(&[not_null("at", SqlType::Timestamp, None)], &json!({})).is_ok());
    assert!(clock(&[ts("at"), ("n", ColumnType::nullable(SqlType::Integer), None)], &json!({})).is_ok());
    assert!(
        clock(
            &[ts("at"), not_null("n", SqlType::Integer, Some(ColumnDefault::Constant(weir_row::Value::I32(7))))],
            &json!({})
        )
        .is_ok()
    );
    for (columns, config, said) in [
        (vec![ts("at"), not_null("n", SqlType::Integer, None)], json!({}), "sets 'at' alone, and 'n' is NOT NULL"),
        (vec![ts("at"), ts("too")], json!({}), "has 2"),
        (vec![("d", ColumnType::nullable(SqlType::Date), None)], json!({}), "has 0"),
        (vec![ts("at")], json!({ "clock_resolution_usecs": 999 }), "1000 at least"),
        (vec![ts("at")], json!({ "resolution": 1 }), "unknown field `resolution`"),
    ] {
        let Err(e) = clock(&columns, &config) else { panic!("{config} is taken") };
        assert!(e.contains(said), "{e}");
    }
}
