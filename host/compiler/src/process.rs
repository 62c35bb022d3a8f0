//! Child processes under limits: memory, CPU, wall time, output. A child leads its own process group, so that it and
//! all it started end together.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, setrlimit};

/// How long between looks at a child: the first ones are short, because many children are.
const POLL_MIN: Duration = Duration::from_millis(1);
const POLL_MAX: Duration = Duration::from_millis(10);
/// How far a child's priority is lowered, so that compiling does not slow running pipelines.
const NICENESS: i32 = 5;

/// Ends a compilation from another thread. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// End whatever runs under this token, now and later.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What a child process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Address space in bytes; `None`: what the user has. Beyond it allocation fails in the child.
    pub memory_bytes_max: Option<u64>,
    /// CPU seconds of each process; the kernel kills it beyond.
    pub cpu_seconds_max: u64,
    /// Wall time of the whole; the group is killed beyond.
    pub wall_max: Duration,
    /// Bytes of one file that the child may write.
    pub file_bytes_max: u64,
    /// Bytes kept of each of stdout and stderr; the rest is read and dropped.
    pub output_bytes_max: usize,
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Why there is no [`Output`].
#[derive(Debug)]
pub(crate) enum ProcessError {
    Spawn(std::io::Error),
    Cancelled,
    WallTime,
}

/// Run a command to its end, or kill it when cancelled or out of time.
///
/// The calling thread blocks; the child also dies when this thread does (a crash of the host leaves no compiler behind).
pub(crate) fn run(command: Command, limits: &Limits, cancel: &CancelToken) -> Result<Output, ProcessError> {
    run_confined(command, limits, None, cancel)
}

/// [`run`], in a sandbox.
pub(crate) fn run_confined(
    mut command: Command,
    limits: &Limits,
    mut sandbox: Option<Sandbox>,
    cancel: &CancelToken,
) -> Result<Output, ProcessError> {
    if cancel.is_cancelled() {
        return Err(ProcessError::Cancelled);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let limits_in_child = *limits;
    // SAFETY: between fork and exec only system calls are made: nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            confine(&limits_in_child)?;
            sandbox.take().map_or(Ok(()), Sandbox::enter)
        });
    }
    let child = command.spawn().map_err(ProcessError::Spawn)?;
    let mut group = Group { child, reaped: false };
    let stdout = drain(group.child.stdout.take(), limits.output_bytes_max);
    let stderr = drain(group.child.stderr.take(), limits.output_bytes_max);

    let begun = Instant::now();
    let mut pause = POLL_MIN;
    let status = loop {
        match group.child.try_wait().map_err(ProcessError::Spawn)? {
            Some(status) => break Ok(status),
            None if cancel.is_cancelled() => break Err(ProcessError::Cancelled),
            None if begun.elapsed() >= limits.wall_max => break Err(ProcessError::WallTime),
            None => thread::sleep(pause),
        }
        pause = (pause * 2).min(POLL_MAX);
    };
    // Whatever the child left running holds its pipes open: it ends now, so that the readers do.
    group.kill();
    let (stdout, stderr) = (join(stdout), join(stderr));
    Ok(Output { status: status?, stdout, stderr })
}

/// A child that leads a process group, killed as one and never left as a zombie.
struct Group {
    child: Child,
    reaped: bool,
}

impl Group {
    fn kill(&mut self) {
        if self.reaped {
            return;
        }
        // An error means that nobody is left to kill.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
        self.reaped = true;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs in the child before exec.
fn confine(limits: &Limits) -> std::io::Result<()> {
    let set = |resource, value| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    if let Some(bytes) = limits.memory_bytes_max {
        set(Resource::As, bytes)?;
    }
    set(Resource::Cpu, limits.cpu_seconds_max)?;
    set(Resource::Fsize, limits.file_bytes_max)?;
    set(Resource::Core, 0)?;
    rustix::process::nice(NICENESS)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

type Reader = Option<thread::JoinHandle<Vec<u8>>>;

/// Read a pipe to its end on a thread, keeping the first `bytes_max` bytes.
fn drain(pipe: Option<impl Read + Send + 'static>, bytes_max: usize) -> Reader {
    let mut pipe = pipe?;
    Some(thread::spawn(move || {
        let mut kept = Vec::new();
        let mut chunk = [0; 8192];
        while let Ok(n) = pipe.read(&mut chunk) {
            if n == 0 {
                break;
            }
            let room = bytes_max.saturating_sub(kept.len());
            kept.extend_from_slice(&chunk[..n.min(room)]);
        }
        kept
    }))
}

fn join(reader: Reader) -> String {
    let bytes = reader.and_then(|r| r.join().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// In words: `exit code 1`, `signal 9 (killed)`.
pub(crate) fn describe_status(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => {
            let name = match signal {
                6 => " (aborted)",
                9 => " (killed)",
                11 => " (segmentation fault)",
                24 => " (out of CPU time)",
                25 => " (file too large)",
                _ => "",
            };
            format!("signal {signal}{name}")
        }
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            memory_bytes_max: None,
            cpu_seconds_max: 10,
            wall_max: Duration::from_secs(10),
            file_bytes_max: 1 << 20,
            output_bytes_max: 1000,
        }
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn output_is_bounded_and_read_to_the_end() {
        let out = run(sh("head -c 100000 /dev/zero; echo no >&2; exit 3"), &limits(), &CancelToken::new()).unwrap();
        assert_eq!(out.stdout.len(), 1000);
        assert_eq!(out.stderr, "no\n");
        assert_eq!(describe_status(out.status), "exit code 3");
    }

    #[test]
    fn a_child_out_of_time_dies_with_its_children() {
        let begun = Instant::now();
        let limits = Limits { wall_max: Duration::from_millis(100), ..limits() };
        let end = run(sh("sleep 30 & sleep 30"), &limits, &CancelToken::new());
        assert!(matches!(end, Err(ProcessError::WallTime)));
        assert!(begun.elapsed() < Duration::from_secs(5), "the grandchild held the pipe");
    }

    #[test]
    fn cancelling_kills() {
        let cancel = CancelToken::new();
        let canceller = cancel.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            canceller.cancel();
        });
        assert!(matches!(run(sh("sleep 30"), &limits(), &cancel), Err(ProcessError::Cancelled)));
        thread.join().unwrap();
    }

    #[test]
    fn memory_is_limited() {
        let limits = Limits { memory_bytes_max: Some(64 << 20), ..limits() };
        let out =
            run(sh("head -c 200000000 /dev/zero | tail -n 1 > /dev/null || exit 7"), &limits, &CancelToken::new());
        assert!(!out.unwrap().status.success());
    }
}
