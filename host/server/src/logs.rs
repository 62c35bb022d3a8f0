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
    /// `None` while the pipeline is not deployed.
    followers: Option<broadcast::Sender<String>>,
}

/// What a reader gets: the lines so far, and those to come.
#[derive(Debug)]
pub struct Following {
    /// Lines that are no longer kept.
    pub discarded: u64,
    /// The lines so far.
    pub lines: Vec<String>,
    /// The lines to come.
    pub receiver: broadcast::Receiver<String>,
}

impl Default for LogBuffer {
    fn default() -> Self {
        LogBuffer { inner: Mutex::new(Inner { lines: VecDeque::new(), bytes: 0, discarded: 0, followers: None }) }
    }
}

impl LogBuffer {
    /// Begins a deployment: the log is empty and can be followed.
    pub fn open(&self) {
        let mut inner = self.inner.lock();
        *inner = Inner {
            lines: VecDeque::new(),
            bytes: 0,
            discarded: 0,
            followers: Some(broadcast::channel(FOLLOW_LINES_MAX).0),
        };
    }

    /// Ends a deployment: followers are told why and end.
    pub fn close(&self) {
        self.inner.lock().followers = None;
    }

    /// Appends a line (of several, each).
    pub fn push(&self, text: &str) {
        let mut inner = self.inner.lock();
        for line in text.lines() {
            let mut end = line.len().min(LINE_BYTES_MAX);
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            let line = line[..end].to_owned();
            inner.bytes += line.len() + 1;
            if let Some(followers) = &inner.followers {
                // Nobody listening is no error.
                let _ = followers.send(line.clone());
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
        let receiver = inner.followers.as_ref()?.subscribe();
        Some(Following { discarded: inner.discarded, lines: inner.lines.iter().cloned().collect(), receiver })
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
        log.close();
        assert!(log.follow().is_none());
    }
}
