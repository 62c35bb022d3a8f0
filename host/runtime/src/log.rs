//! A pipeline's log: lines of its component, bounded in length and number. A flood costs the component its own time and
//! nobody anything else.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// Bytes kept of a line.
pub const LINE_BYTES_MAX: usize = 4 << 10;
/// Lines kept of a pipeline, the oldest going first.
pub const LINES_MAX: usize = 1000;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever debugs the component.
    Debug,
    /// For the curious.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

/// A line of a pipeline's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The worker that wrote it.
    pub worker: u32,
    /// The text, one line, at most [`LINE_BYTES_MAX`] bytes.
    pub text: String,
}

/// Gets each line as it comes, on the worker's thread: it must not block.
pub type LogSink = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// The lines of one pipeline.
pub(crate) struct Log {
    state: Mutex<State>,
    sink: Option<LogSink>,
    /// Bytes that may be logged between two refills (each call of the host refills).
    bytes_max: u64,
}

#[derive(Default)]
struct State {
    lines: VecDeque<LogLine>,
    bytes: u64,
    dropped: u64,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Log {
    pub(crate) fn new(sink: Option<LogSink>, bytes_max: u64) -> Log {
        Log { state: Mutex::default(), sink, bytes_max }
    }

    /// Add a line, unless the budget is spent.
    pub(crate) fn line(&self, level: Level, worker: u32, text: &str) {
        let mut state = self.state.lock();
        // Cut before anything looks at all of it.
        let text = &text[..text.floor_char_boundary(LINE_BYTES_MAX)];
        let text = text.trim_end().replace(['\n', '\r'], " ");
        // A line costs more than its text, so that empty ones are bounded too.
        let cost = text.len() as u64 + 64;
        if state.bytes + cost > self.bytes_max {
            state.dropped += 1;
            return;
        }
        state.bytes += cost;
        self.push(&mut state, LogLine { level, worker, text });
    }

    /// A call of the host begins: the budget is whole again, and what was dropped is told.
    pub(crate) fn refill(&self) {
        let mut state = self.state.lock();
        state.bytes = 0;
        if state.dropped > 0 {
            let text = format!("{} lines were dropped: the component logs too much", state.dropped);
            state.dropped = 0;
            self.push(&mut state, LogLine { level: Level::Warn, worker: 0, text });
        }
    }

    fn push(&self, state: &mut State, line: LogLine) {
        if let Some(sink) = &self.sink {
            sink(&line);
        }
        if state.lines.len() == LINES_MAX {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.state.lock().lines.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_dropped_and_told() {
        let log = Log::new(None, 1000);
        for _ in 0..1_000_000 {
            log.line(Level::Info, 3, "x");
        }
        let before = log.lines().len();
        assert!((1..20).contains(&before));
        log.refill();
        let lines = log.lines();
        assert_eq!(lines.len(), before + 1);
        assert!(lines[before].text.contains("were dropped"));
    }

    #[test]
    fn lines_are_bounded_in_length_and_number() {
        let log = Log::new(None, u64::MAX / 2);
        for _ in 0..2 * LINES_MAX {
            log.line(Level::Info, 0, &"ä\n".repeat(LINE_BYTES_MAX));
        }
        let lines = log.lines();
        assert_eq!(lines.len(), LINES_MAX);
        assert!(lines[0].text.len() <= LINE_BYTES_MAX && !lines[0].text.contains('\n'));
    }
}
