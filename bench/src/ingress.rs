//! The data plane over HTTP, with the real server: rows in, in three formats, from one client and from eight; the time from a row's way in to its change's way
//! out; memory while nobody takes what comes out.
//!
//! Cost model: a row costs its reading (JSON: a few ns a byte, mostly finding the ends of values, reading numbers, copying texts; CSV: a little less; Parquet: decoding
//! columns and laying out words), then the copy of its words into a worker, and its operators. Reading happens on the thread of the connection, so that clients
//! read side by side with each other and with the step; a step takes in what came while the one before it ran. A row alone costs two passages
//! of threads and a request: some tenths of a millisecond. What waits is bounded: 64 MiB before a step, and as much for each listener behind it.

use crate::measure::table;
use crate::server::{PATIENCE, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use weir_io::{Changes, Encoder, InputFormat, Nexmark, NexmarkEvent, OutputFormat, TableColumns};
use weir_row::{Block, SortLayout, Value};

const PROGRAM: &str = "CREATE TABLE bid(auction BIGINT NOT NULL, bidder BIGINT NOT NULL, price BIGINT NOT NULL, channel VARCHAR NOT NULL, url VARCHAR NOT NULL, date_time TIMESTAMP NOT NULL);
CREATE VIEW n AS SELECT COUNT(*) AS n, SUM(price) AS s FROM bid;
CREATE TABLE one(id BIGINT NOT NULL);
CREATE VIEW ones AS SELECT id FROM one;
CREATE TABLE many(id BIGINT NOT NULL, s VARCHAR NOT NULL);
CREATE VIEW all_of_them AS SELECT id, s FROM many;";
/// Rows of one request.
const ROWS: usize = 50_000;
/// Rows a second, and seconds, of the measurement of latency.
const RATE: u64 = 1_000;
const SECONDS: u64 = 10;

pub(crate) fn run(rows: u64, seconds: u64) -> anyhow::Result<()> {
    let server = Server::start()?;
    server.begin("ingress", PROGRAM)?;
    throughput(&server, rows)?;
    latency(&server)?;
    slow_sink(&server, seconds)
}

/// A request's body in each format, with the CPU time that reading it takes here, on one thread.
struct Body {
    format: &'static str,
    query: &'static str,
    bytes: Vec<u8>,
    parse: Duration,
}

fn bodies() -> anyhow::Result<Vec<Body>> {
    let circuit =
        weir_sql::compile(PROGRAM).map_err(|e| anyhow::anyhow!("{}", weir_sql::render(PROGRAM, "bench", &e)))?.circuit;
    let table = &circuit.tables[0];
    let columns = Arc::new(TableColumns::new(table));
    let layout = SortLayout::ascending(&table.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
    let stream = Nexmark::new(1, 10_000);
    let mut block = Block::new(layout.stride());
    let mut blocks = Vec::new();
    let (mut n, mut event) = (0, 0);
    let mut words = Vec::new();
    while n < ROWS {
        let NexmarkEvent::Bid(bid) = stream.event(event) else {
            event += 1;
            continue;
        };
        event += 1;
        n += 1;
        let values = [
            Value::I64(bid.auction),
            Value::I64(bid.bidder),
            Value::I64(bid.price),
            Value::Text(bid.channel.to_string().into()),
            Value::Text(bid.url.to_string().into()),
            Value::Ts(bid.date_time),
        ];
        words.clear();
        layout.encode(&values, &mut words).map_err(|e| anyhow::anyhow!("{e}"))?;
        block.push(&words, 1);
        if block.len() == weir_row::BLOCK_ROWS {
            blocks.push(std::mem::replace(&mut block, Block::new(layout.stride())));
        }
    }
    blocks.push(block);
    let delta = Arc::new(blocks);
    let mut out = Vec::new();
    for (format, query, config) in [
        ("json", "format=json&update_format=insert_delete", serde_json::json!({ "array": false })),
        ("csv", "format=csv", serde_json::json!({})),
        ("parquet", "format=parquet", serde_json::json!({})),
    ] {
        let mut encoder: Encoder =
            OutputFormat::parse(format, &config)?.encoder(table.columns.clone().into(), layout.clone(), None)?;
        encoder.begin(Arc::clone(&delta))?;
        let mut bytes = Vec::new();
        while let Some(piece) = encoder.next()? {
            bytes.extend(piece.value.unwrap_or_default());
        }
        if format == "csv" {
            // Output has a column of weights; input has none.
            let text = String::from_utf8(bytes)?;
            bytes = text
                .lines()
                .flat_map(|l| [l.rsplit_once(',').map_or(l, |(row, _)| row), "\n"])
                .collect::<String>()
                .into();
        }
        let reader = InputFormat::parse(format, &serde_json::json!({}))?;
        let mut reader = reader.reader(Arc::clone(&columns), 0, false)?;
        let mut parse = Duration::MAX;
        for _ in 0..3 {
            let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
            let begin = Instant::now();
            bytes.chunks(64 << 10).for_each(|piece| reader.push(piece, &mut changes, &mut errors));
            reader.finish(&mut changes, &mut errors);
            parse = parse.min(begin.elapsed());
            anyhow::ensure!(
                errors.is_empty() && changes.rows() == ROWS,
                "{format}: {} rows, {errors:?}",
                changes.rows()
            );
        }
        out.push(Body { format, query, bytes, parse });
    }
    Ok(out)
}

fn throughput(server: &Server, rows: u64) -> anyhow::Result<()> {
    println!(
        "\n# Rows in over HTTP: {rows} bids in requests of {ROWS}, until the view has counted them; engine, one worker\n"
    );
    let requests = (rows / ROWS as u64).max(8);
    let mut lines = Vec::new();
    for body in bodies()? {
        for clients in [1_u64, 8] {
            let before = server.processed("ingress")?;
            let cpu = server.usage()?.cpu;
            let begin = Instant::now();
            let left = AtomicU64::new(requests);
            std::thread::scope(|scope| {
                let clients: Vec<_> = (0..clients)
                    .map(|_| {
                        scope.spawn(|| {
                            let mut connection = Connection::open(&server.address)?;
                            while left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok() {
                                connection.post(&format!("ingress/ingress/bid?{}", body.query), &body.bytes)?;
                            }
                            anyhow::Ok(())
                        })
                    })
                    .collect();
                clients.into_iter().try_for_each(|c| c.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
            })?;
            let all = requests * ROWS as u64;
            while server.processed("ingress")? < before + all {
                std::thread::sleep(Duration::from_millis(1));
            }
            let (took, cpu) = (begin.elapsed().as_secs_f64(), (server.usage()?.cpu - cpu).as_secs_f64());
            let parse = body.parse.as_secs_f64() * requests as f64;
            lines.push(vec![
                body.format.to_owned(),
                clients.to_string(),
                format!("{:.0}", all as f64 / took / 1e3),
                format!("{:.0}", (body.bytes.len() as u64 * requests) as f64 / took / 1e6),
                format!("{:.2}", cpu / all as f64 * 1e6),
                format!("{:.2}", parse / all as f64 * 1e6),
                format!("{:.0} %", parse / cpu * 100.0),
            ]);
        }
    }
    table(
        &[
            "format",
            "clients",
            "rows/s, thousands",
            "MB/s",
            "server's CPU, us a row",
            "reading alone, us a row",
            "share of reading",
        ],
        &lines,
    );
    Ok(())
}

/// A row a millisecond, and when its change comes out.
fn latency(server: &Server) -> anyhow::Result<()> {
    let mut egress = Connection::open(&server.address)?;
    let mut lines = egress.stream("ingress/egress/ones?format=json&backpressure=true")?;
    let (sent, arrives) = mpsc::channel::<Instant>();
    let count = RATE * SECONDS;
    let mut latencies = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let (mut latencies, mut line, mut sent) = (Vec::new(), String::new(), Vec::new());
            while (latencies.len() as u64) < count {
                line.clear();
                anyhow::ensure!(lines.read_line(&mut line)? > 0, "the stream ended");
                let now = Instant::now();
                // A row is written as {"insert":{"id":7}}.
                for row in line.split("\"id\":").skip(1) {
                    let digits = row.find(|c: char| !c.is_ascii_digit()).map_or(row, |end| &row[..end]);
                    let id: usize = digits.parse()?;
                    while sent.len() <= id {
                        sent.push(arrives.recv()?);
                    }
                    latencies.push(now - sent[id]);
                }
            }
            anyhow::Ok(latencies)
        });
        let mut connection = Connection::open(&server.address)?;
        let begin = Instant::now();
        for id in 0..count {
            let due = begin + Duration::from_micros(id * 1_000_000 / RATE);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            sent.send(Instant::now())?;
            connection
                .post("ingress/ingress/one?format=json&update_format=raw", format!("{{\"id\":{id}}}").as_bytes())?;
        }
        reader.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?
    })?;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("\n# From a row's way in to its change's way out, {RATE} rows/s for {SECONDS} s, one row a request, ms\n");
    let row = [0.5, 0.9, 0.99, 1.0].map(|share| format!("{:.2}", at(share))).to_vec();
    table(&["p50", "p90", "p99", "worst"], &[row]);
    Ok(())
}

/// Full load, while a listener that is waited for reads nothing.
fn slow_sink(server: &Server, seconds: u64) -> anyhow::Result<()> {
    let mut egress = Connection::open(&server.address)?;
    let _unread = egress.stream("ingress/egress/all_of_them?format=json&backpressure=true")?;
    let body: Vec<u8> = (0..20_000)
        .flat_map(|i| format!("{i},\"a text of some length, so that rows have a size\"\n").into_bytes())
        .collect();
    let stop = AtomicBool::new(false);
    let before = server.usage()?.resident_bytes;
    let points = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // It is kept waiting; when the listener goes, it ends.
                let Ok(mut connection) = Connection::open(&server.address) else { return };
                let mut goes_on = true;
                while goes_on && !stop.load(Relaxed) {
                    goes_on = connection.post("ingress/ingress/many?format=csv", &body).is_ok();
                }
            });
        }
        let mut points = Vec::new();
        for _ in 0..10 {
            std::thread::sleep(Duration::from_millis(seconds * 100));
            points.push(server.usage());
        }
        stop.store(true, Relaxed);
        // Lets clients go.
        server.ask("POST", "/v0/pipelines/ingress/shutdown", "").map(|_| points)
    })?;
    let points: Vec<u64> = points.into_iter().map(|p| p.map(|p| p.resident_bytes)).collect::<Result<_, _>>()?;
    println!(
        "\n# Resident memory of the server in MiB, at ten points of {seconds} s in which a listener reads nothing under full load\n"
    );
    let mib = |bytes: &u64| format!("{:.0}", *bytes as f64 / f64::from(1 << 20));
    let row: Vec<String> = std::iter::once(&before).chain(&points).map(mib).collect();
    table(&["before", "10 %", "20 %", "30 %", "40 %", "50 %", "60 %", "70 %", "80 %", "90 %", "100 %"], &[row]);
    Ok(())
}

/// A connection that stays open.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream: BufReader::new(stream) })
    }

    fn send(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        let head =
            format!("POST /v0/pipelines/{path} HTTP/1.1\r\nhost: weir\r\ncontent-length: {}\r\n\r\n", body.len());
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        Ok(())
    }

    /// The length of the answer's body, if it says so.
    fn head(&mut self) -> anyhow::Result<usize> {
        let (mut line, mut length) = (String::new(), 0);
        self.stream.read_line(&mut line)?;
        anyhow::ensure!(line.starts_with("HTTP/1.1 200"), "the server answered {line}");
        loop {
            line.clear();
            anyhow::ensure!(self.stream.read_line(&mut line)? > 0, "the answer broke off");
            let Some((name, value)) = line.split_once(':') else { return Ok(length) };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
    }

    fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        self.send(path, body)?;
        let length = self.head()? as u64;
        std::io::copy(&mut self.stream.by_ref().take(length), &mut std::io::sink())?;
        Ok(())
    }

    /// An answer without an end, as lines (those of the chunks' lengths among them).
    fn stream(&mut self, path: &str) -> anyhow::Result<BufReader<TcpStream>> {
        self.send(path, b"")?;
        self.head()?;
        Ok(BufReader::new(self.stream.get_ref().try_clone()?))
    }
}
