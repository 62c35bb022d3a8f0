//! Changes that wait for a step, up to a bound, and what of them the next step takes in.

use super::endpoint::InputEndpoint;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use weir_connectors::Position;
use weir_row::Block;

/// Bytes of changes that may wait for a step; beyond that those who bring more wait.
pub const ENQUEUE_BYTES_MAX: usize = 64 << 20;
/// Bytes of changes that one step takes in at most: large enough that a step's own cost does not count, small enough that steps
/// follow each other quickly.
const STEP_BYTES_MAX: usize = 16 << 20;

/// Changes of one table, as one request or connector brought them.
#[derive(Debug)]
pub struct Input {
    /// The table.
    pub table: usize,
    /// Blocks for each worker.
    pub workers: Vec<Vec<Block>>,
    /// Rows in all.
    pub rows: usize,
    /// Memory of the blocks.
    pub bytes: usize,
    /// Whether a paused pipeline takes it in, too.
    pub forced: bool,
    /// Through which endpoint they came, if through one.
    pub endpoint: Option<Arc<InputEndpoint>>,
    /// Where the endpoint's source stands behind them.
    pub position: Option<Position>,
    /// Its number, in the order of queueing; given as it is queued.
    pub number: u64,
}

impl Input {
    /// Changes of a table.
    pub fn new(table: usize, workers: Vec<Vec<Block>>, forced: bool) -> Input {
        let blocks = || workers.iter().flatten();
        let (rows, bytes) = (blocks().map(Block::len).sum(), blocks().map(Block::memory_bytes).sum());
        Input { table, rows, bytes, workers, forced, endpoint: None, position: None, number: 0 }
    }
}

/// How long changes may wait for others to come, so that steps are larger.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batching {
    /// Records that a step waits for.
    pub min_records: u64,
    /// How long it waits for them.
    pub delay: Duration,
}

/// What the queue says of the next step.
#[derive(Debug)]
pub(super) enum Next {
    /// It takes in these; none, if nothing waits.
    Inputs(Vec<Input>),
    /// It waits for more until then.
    Later(Instant),
}

/// The changes that wait. Without a wish of its owner nothing waits for more to come: a step takes in what came while the one before it ran, so that steps
/// are small when little comes, and large when much does.
#[derive(Debug, Default)]
pub(super) struct Queue {
    inputs: VecDeque<Input>,
    /// Since when something waits.
    since: Option<Instant>,
}

impl Queue {
    pub(super) fn push(&mut self, input: Input) {
        self.since.get_or_insert_with(Instant::now);
        self.inputs.push_back(input);
    }

    pub(super) fn clear(&mut self) {
        *self = Queue::default();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter()
    }

    /// What the next step takes in. A pipeline that is not `running` takes in what is forced upon it. No connector takes more of a step than it may.
    pub(super) fn next(&mut self, running: bool, batching: Batching) -> Next {
        if running
            && let Some(since) = self.since
            && since.elapsed() < batching.delay
            && !self.inputs.iter().any(|i| i.forced)
            && self.inputs.iter().map(|i| i.rows as u64).sum::<u64>() < batching.min_records
            // Those who bring more wait once the queue is full.
            && self.inputs.iter().map(|i| i.bytes).sum::<usize>() < STEP_BYTES_MAX
        {
            return Next::Later(since + batching.delay);
        }
        let (mut taken, mut bytes, mut kept) = (Vec::new(), 0, VecDeque::new());
        let mut records: HashMap<*const InputEndpoint, u64> = HashMap::new();
        while let Some(input) = self.inputs.pop_front() {
            if bytes >= STEP_BYTES_MAX {
                kept.push_back(input);
                break;
            }
            // What comes later through the same connector waits, too: its order stays.
            let full = limit(&input).is_some_and(|(endpoint, limit)| {
                let sum = records.entry(endpoint).or_default();
                let full = *sum >= limit;
                *sum += if full { 0 } else { input.rows as u64 };
                full
            });
            if full || !(running || input.forced) {
                kept.push_back(input);
            } else {
                bytes += input.bytes;
                taken.push(input);
            }
        }
        kept.append(&mut self.inputs);
        self.inputs = kept;
        self.since = (!self.inputs.is_empty()).then(Instant::now);
        Next::Inputs(taken)
    }
}

/// The records that a step takes from an input's connector, if that names a number of its own.
fn limit(input: &Input) -> Option<(*const InputEndpoint, u64)> {
    let endpoint = input.endpoint.as_ref()?;
    let limit = endpoint.config.connector.batch_limit(input.workers.len())?;
    Some((Arc::as_ptr(endpoint), limit))
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::EndpointConfig;
    use super::*;
    use serde_json::Value;
    use weir_connectors::{BATCH_RECORDS, ConnectorConfig, TransportSpec};

    fn endpoint(max_batch_size: u64) -> Arc<InputEndpoint> {
        let transport = TransportSpec { name: "file_input".into(), config: Value::Null };
        let connector = ConnectorConfig { max_batch_size, ..ConnectorConfig::new(transport, None) };
        Arc::new(InputEndpoint::new("t.c".into(), EndpointConfig { stream: "t".into(), connector }, 0, false))
    }

    fn input(rows: usize, endpoint: Option<&Arc<InputEndpoint>>, number: u64) -> Input {
        let mut block = Block::new(1);
        (0..rows).for_each(|i| block.push(&[i as u64], 1));
        Input { endpoint: endpoint.cloned(), number, ..Input::new(0, vec![vec![block]], false) }
    }

    fn numbers(next: Next) -> Vec<u64> {
        match next {
            Next::Inputs(inputs) => inputs.iter().map(|i| i.number).collect(),
            Next::Later(_) => panic!("nothing asks for a wait"),
        }
    }

    #[test]
    fn a_connector_takes_no_more_of_a_step_than_it_may_and_keeps_its_order() {
        let (small, large) = (endpoint(10), endpoint(BATCH_RECORDS));
        let mut queue = Queue::default();
        for (number, (rows, endpoint)) in
            [(6, &small), (6, &small), (1, &small), (100, &large), (20_000, &large), (5, &large)]
                .into_iter()
                .enumerate()
        {
            queue.push(input(rows, Some(endpoint), number as u64));
        }
        assert_eq!(numbers(queue.next(true, Batching::default())), [0, 1, 3, 4, 5]);
        assert_eq!(numbers(queue.next(true, Batching::default())), [2]);
        assert_eq!(numbers(queue.next(true, Batching::default())), [0; 0]);
    }

    #[test]
    fn a_paused_pipeline_takes_in_what_is_forced() {
        let mut queue = Queue::default();
        queue.push(input(1, None, 1));
        queue.push(Input { forced: true, ..input(1, None, 2) });
        assert_eq!(numbers(queue.next(false, Batching::default())), [2]);
        assert_eq!(numbers(queue.next(true, Batching::default())), [1]);
    }

    #[test]
    fn a_step_waits_for_records_but_not_for_ever() {
        let batching = Batching { min_records: 10, delay: Duration::from_secs(3600) };
        let mut queue = Queue::default();
        queue.push(input(4, None, 1));
        assert!(matches!(queue.next(true, batching), Next::Later(at) if at > Instant::now()));
        queue.push(input(6, None, 2));
        assert_eq!(numbers(queue.next(true, batching)), [1, 2]);
        queue.push(input(1, None, 3));
        assert!(matches!(queue.next(true, batching), Next::Later(_)));
        queue.since = Instant::now().checked_sub(Duration::from_millis(1));
        let short = Batching { delay: Duration::from_millis(1), ..batching };
        assert_eq!(numbers(queue.next(true, short)), [3]);
    }
}
