//! Each pipeline's log: a bounded buffer of lines that can be read and followed.

use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::broadcast;

/// Bytes that a pipeline's log keeps.
const BYTES_MAX: usize = 1 << 20;
/// Lines that it keeps.
const LINES_MAX: usize = 50_000;
/// Bytes of one line; longer ones are cut.
const LINE_BYTES_MAX: usize = 8 << 10;
/// Lines that a slow follower may lag behind before some are left out.
const FOLLOW_LINES_MAX: usize = 1_024;

/// A pipeline's log.
#[derive(Debug)]
pub struct LogBuffer {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    lines: VecDeque<String>,
    bytes: usize,
    discarded: u64,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    /// The pipeline is not deployed.
    Closed,
    /// It is deployed, and more lines may come.
    Live(broadcast::Sender<Event>),
    /// It has failed: what it said can be read until it is shut down.
    Finished,
}

/// What a follower is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line.
    Line(String),
    /// No more will come.
    End(Ending),
}

/// Why a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The pipeline is shut down.
    Shutdown,
    /// It ended by itself.
    Finished,
}

impl Ending {
    /// The last line of the stream.
    pub fn line(self) -> &'static str {
        match self {
            Ending::Shutdown => "LOG STREAM END: pipeline is being shutdown",
            Ending::Finished => "LOG STREAM END: stdout and stderr are finished",
        }
    }
}

/// What a reader gets: the lines so far, and those to come.
#[derive(Debug)]
pub struct Following {
    /// Lines that are no longer kept.
    pub discarded: u64,
    /// The lines so far.
    pub lines: Vec<String>,
    /// The lines to come; `None`: there will be none, because the pipeline ended by itself.
    pub receiver: Option<broadcast::Receiver<Event>>,
}

impl Default for LogBuffer {
    fn default() -> Self {
        LogBuffer { inner: Mutex::new(Inner::new(Stream::Closed)) }
    }
}

impl LogBuffer {
    /// Begins a deployment: the log is empty and can be followed.
    pub fn open(&self) {
        *self.inner.lock() = Inner::new(Stream::Live(broadcast::channel(FOLLOW_LINES_MAX).0));
    }

    /// Ends a deployment: followers are told and end, and the log is gone.
    pub fn close(&self) {
        let mut inner = self.inner.lock();
        inner.end(Ending::Shutdown);
        *inner = Inner::new(Stream::Closed);
    }

    /// The deployment failed, with this as the last line. It can be read until the log is closed; one that had not begun has this
    /// line only.
    pub fn fail(&self, text: &str) {
        if matches!(self.inner.lock().stream, Stream::Closed) {
            self.open();
        }
        self.push(text);
        let mut inner = self.inner.lock();
        inner.end(Ending::Finished);
        inner.stream = Stream::Finished;
    }

    /// Appends a line (of several, each). Before a deployment and after it nothing is kept.
    pub fn push(&self, text: &str) {
        let mut inner = self.inner.lock();
        if matches!(inner.stream, Stream::Closed) {
            return;
        }
        for line in text.lines() {
            let mut end = line.len().min(LINE_BYTES_MAX);
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            let line = line[..end].to_owned();
            inner.bytes += line.len() + 1;
            if let Stream::Live(followers) = &inner.stream {
                // Nobody listening is no error.
                let _ = followers.send(Event::Line(line.clone()));
            }
            inner.lines.push_back(line);
        }
        while inner.bytes > BYTES_MAX || inner.lines.len() > LINES_MAX {
            let Some(line) = inner.lines.pop_front() else { break };
            inner.bytes -= line.len() + 1;
            inner.discarded += 1;
        }
    }

    /// The lines so far and those to come; `None` while the pipeline is not deployed.
    pub fn follow(&self) -> Option<Following> {
        let inner = self.inner.lock();
        let receiver = match &inner.stream {
            Stream::Closed => return None,
            Stream::Live(followers) => Some(followers.subscribe()),
            Stream::Finished => None,
        };
        Some(Following { discarded: inner.discarded, lines: inner.lines.iter().cloned().collect(), receiver })
    }
}

impl Inner {
    fn new(stream: Stream) -> Inner {
        Inner { lines: VecDeque::new(), bytes: 0, discarded: 0, stream }
    }

    fn end(&self, ending: Ending) {
        if let Stream::Live(followers) = &self.stream {
            let _ = followers.send(Event::End(ending));
        }
    }
}

/// A line of a component as the log shows it.
pub fn line(line: &weir_runtime::LogLine) -> String {
    let level = match line.level {
        weir_runtime::Level::Debug => "DEBUG",
        weir_runtime::Level::Info => "INFO",
        weir_runtime::Level::Warn => "WARN",
        weir_runtime::Level::Error => "ERROR",
    };
    format!("{level} worker {}: {}", line.worker, line.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines() {
        let log = LogBuffer::default();
        log.push("too early");
        assert!(log.follow().is_none());
        log.open();
        log.push(&"x".repeat(LINE_BYTES_MAX * 2));
        for i in 0..200_000 {
            log.push(&i.to_string());
        }
        let read = log.follow().unwrap();
        assert_eq!(read.lines.len(), LINES_MAX);
        assert_eq!(read.discarded, 150_001);
        assert_eq!(read.lines.last().unwrap(), "199999");
        let mut receiver = read.receiver.unwrap();
        log.push("the last one");
        log.close();
        assert!(log.follow().is_none());
        assert_eq!(receiver.try_recv(), Ok(Event::Line("the last one".into())));
        assert_eq!(receiver.try_recv(), Ok(Event::End(Ending::Shutdown)));
    }

    #[test]
    fn a_failure_can_be_read_until_the_log_is_closed() {
        let log = LogBuffer::default();
        // Before it began.
        log.fail("no program");
        assert_eq!(log.follow().unwrap().lines, ["no program"]);
        log.open();
        log.push("a line");
        let mut receiver = log.follow().unwrap().receiver.unwrap();
        log.fail("it broke");
        assert_eq!(receiver.try_recv(), Ok(Event::Line("it broke".into())));
        assert_eq!(receiver.try_recv(), Ok(Event::End(Ending::Finished)));
        let read = log.follow().unwrap();
        assert_eq!(read.lines, ["a line", "it broke"]);
        assert!(read.receiver.is_none());
        log.close();
        assert!(log.follow().is_none());
    }

    #[test]
    fn at_most_a_megabyte() {
        let log = LogBuffer::default();
        log.open();
        for _ in 0..300 {
            log.push(&"x".repeat(LINE_BYTES_MAX));
        }
        let read = log.follow().unwrap();
        assert_eq!(read.lines.len(), BYTES_MAX / (LINE_BYTES_MAX + 1));
        assert_eq!(read.discarded as usize + read.lines.len(), 300);
    }
}
