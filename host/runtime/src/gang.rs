//! Gangs: all workers of a pipeline get threads at once, or none does. So no two pipelines can hold half of what each
//! needs, and a worker never waits at an exchange for one that has no thread.
//!
//! There are as many *permits* as the machine has cores. A gang of `n` takes `min(n, permits)` of them, all at once, in the order of
//! arrival (a large gang is not starved by small ones). A gang of more workers than permits runs alone and lets the
//! system share the cores among its threads. A gang that has waited for [`PATIENCE`] runs without permits, and the system
//! shares the cores: so a step that never ends takes its share of the machine and not the turns of all others. Threads are
//! kept for some seconds and then end: an idle machine has none.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// How long an idle thread stays.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// How often a waiting gang asks whether it is still wanted.
const ABORT_POLL: Duration = Duration::from_millis(20);
/// How long a gang waits for permits. Longer than nearly all steps, so that the machine is seldom overcommitted, and short
/// enough that who shares it with an endless loop hardly notices.
const PATIENCE: Duration = Duration::from_millis(50);
/// Permits that impatient gangs may owe; beyond that they wait.
const OWED_MAX: isize = 256;
/// Bytes of a thread's stack: what wasm may use, and room for the host's functions.
const STACK_BYTES: usize = crate::config::WASM_STACK_BYTES_MAX + (1 << 20);

type Task = Box<dyn FnOnce() + Send>;

/// Why a job has no result: it panicked, or its thread could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobLost(pub(crate) String);

#[derive(Debug)]
pub(crate) struct Gangs {
    permits: usize,
    patience: Duration,
    queue: Mutex<Queue>,
    /// Permits or places in the queue changed.
    turn: Condvar,
    threads: Arc<Threads>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Permits that are free; negative while impatient gangs owe some.
    free: isize,
    next_ticket: u64,
    waiting: VecDeque<u64>,
}

#[derive(Default)]
struct Threads {
    state: Mutex<Pool>,
    work: Condvar,
}

#[derive(Default)]
struct Pool {
    tasks: VecDeque<Task>,
    idle: usize,
    closing: bool,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").field("idle", &self.state.lock().idle).finish()
    }
}

/// Permits of a gang, given back when dropped.
struct Permits<'a> {
    gangs: &'a Gangs,
    count: usize,
}

impl Gangs {
    /// A scheduler with a number of permits, at least 1.
    pub(crate) fn new(permits: usize) -> Gangs {
        Gangs::with_patience(permits, PATIENCE)
    }

    fn with_patience(permits: usize, patience: Duration) -> Gangs {
        let permits = permits.max(1);
        let queue = Queue { free: permits as isize, ..Queue::default() };
        Gangs { permits, patience, queue: Mutex::new(queue), turn: Condvar::new(), threads: Arc::default() }
    }

    /// Run all jobs at once, each on a thread of its own, and return their results in order; blocks until the last ends.
    /// `None` when `abandoned` became true before the gang's turn came.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        jobs: Vec<Box<dyn FnOnce() -> R + Send>>,
        abandoned: &dyn Fn() -> bool,
    ) -> Option<Vec<Result<R, JobLost>>> {
        let count = jobs.len();
        let _permits = self.acquire(count.min(self.permits), abandoned)?;
        let results =
            Arc::new((Mutex::new(Results { slots: (0..count).map(|_| None).collect(), left: count }), Condvar::new()));
        let tasks = jobs.into_iter().enumerate().map(|(i, job)| -> Task {
            // Reports even when the task is dropped unrun, so that nobody waits for it.
            let report = Report { results: results.clone(), index: i };
            Box::new(move || {
                let result = catch_unwind(AssertUnwindSafe(job)).map_err(|panic| JobLost(panic_message(&*panic)));
                report.put(result);
            })
        });
        self.threads.submit(tasks.collect());
        let (slots, done) = &*results;
        let mut slots = slots.lock();
        while slots.left > 0 {
            done.wait(&mut slots);
        }
        let lost = || Err(JobLost("its thread could not be started".to_owned()));
        Some(slots.slots.iter_mut().map(|slot| slot.take().unwrap_or_else(lost)).collect())
    }

    fn acquire(&self, count: usize, abandoned: &dyn Fn() -> bool) -> Option<Permits<'_>> {
        let mut queue = self.queue.lock();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push_back(ticket);
        let arrived = Instant::now();
        loop {
            if abandoned() {
                queue.waiting.retain(|&t| t != ticket);
                self.turn.notify_all();
                return None;
            }
            let wanted = count as isize;
            let impatient = || arrived.elapsed() >= self.patience && queue.free - wanted >= -OWED_MAX;
            if queue.waiting.front() == Some(&ticket) && (queue.free >= wanted || impatient()) {
                queue.waiting.pop_front();
                queue.free -= wanted;
                // The next in line may fit too.
                self.turn.notify_all();
                return Some(Permits { gangs: self, count });
            }
            self.turn.wait_for(&mut queue, ABORT_POLL);
        }
    }
}

impl Drop for Permits<'_> {
    fn drop(&mut self) {
        self.gangs.queue.lock().free += self.count as isize;
        self.gangs.turn.notify_all();
    }
}

struct Results<R> {
    slots: Vec<Option<Result<R, JobLost>>>,
    left: usize,
}

struct Report<R> {
    results: Arc<(Mutex<Results<R>>, Condvar)>,
    index: usize,
}

impl<R> Report<R> {
    fn put(self, result: Result<R, JobLost>) {
        self.results.0.lock().slots[self.index] = Some(result);
        // Dropping tells that it is done.
    }
}

impl<R> Drop for Report<R> {
    fn drop(&mut self) {
        let mut results = self.results.0.lock();
        results.left -= 1;
        if results.left == 0 {
            self.results.1.notify_one();
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

impl Threads {
    fn submit(self: &Arc<Self>, tasks: Vec<Task>) {
        let mut pool = self.state.lock();
        pool.tasks.extend(tasks);
        for _ in pool.idle..pool.tasks.len() {
            let threads = self.clone();
            let thread = thread::Builder::new().name("weir-worker".to_owned()).stack_size(STACK_BYTES);
            if thread.spawn(move || threads.serve()).is_err() {
                // No thread, so these tasks may never run together: a gang is all or none. Dropping them tells its owner.
                pool.tasks.clear();
                break;
            }
            // Counted here already, so that the next gang does not count on it twice.
            pool.idle += 1;
        }
        self.work.notify_all();
    }

    fn serve(&self) {
        let mut pool = self.state.lock();
        loop {
            if let Some(task) = pool.tasks.pop_front() {
                pool.idle -= 1;
                drop(pool);
                task();
                pool = self.state.lock();
                pool.idle += 1;
                continue;
            }
            let timed_out = self.work.wait_for(&mut pool, IDLE_MAX).timed_out();
            if pool.tasks.is_empty() && (timed_out || pool.closing) {
                pool.idle -= 1;
                return;
            }
        }
    }
}

impl Drop for Gangs {
    fn drop(&mut self) {
        self.threads.state.lock().closing = true;
        self.threads.work.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    fn jobs<R>(n: usize, job: impl Fn(usize) -> R + Clone + Send + 'static) -> Vec<Box<dyn FnOnce() -> R + Send>> {
        (0..n)
            .map(|i| {
                let job = job.clone();
                Box::new(move || job(i)) as Box<dyn FnOnce() -> R + Send>
            })
            .collect()
    }

    /// A scheduler whose only permit is taken until `release` is set.
    fn held() -> (Arc<Gangs>, Arc<AtomicBool>, thread::JoinHandle<()>) {
        let gangs = Arc::new(Gangs::new(1));
        let release = Arc::new(AtomicBool::new(false));
        let holder = {
            let (gangs, release) = (gangs.clone(), release.clone());
            thread::spawn(move || {
                let job = move |_| {
                    while !release.load(Ordering::SeqCst) {
                        thread::yield_now();
                    }
                };
                gangs.run(jobs(1, job), &|| false).unwrap();
            })
        };
        while gangs.queue.lock().free > 0 {
            thread::yield_now();
        }
        (gangs, release, holder)
    }

    #[test]
    fn gangs_run_whole_even_beyond_the_permits() {
        let gangs = Arc::new(Gangs::new(2));
        let callers: Vec<_> = (0..8)
            .map(|i| {
                let gangs = gangs.clone();
                thread::spawn(move || {
                    for _ in 0..50 {
                        let size = [1, 2, 5][i % 3];
                        // Passes only if all jobs of the gang run at the same time.
                        let barrier = Arc::new(Barrier::new(size));
                        let results = gangs.run(
                            jobs(size, move |j| {
                                barrier.wait();
                                j
                            }),
                            &|| false,
                        );
                        assert_eq!(results.unwrap(), (0..size).map(Ok).collect::<Vec<_>>());
                    }
                })
            })
            .collect();
        callers.into_iter().for_each(|c| c.join().unwrap());
        assert_eq!(gangs.queue.lock().free, 2);
    }

    #[test]
    fn permits_bound_what_runs_at_once() {
        let gangs = Arc::new(Gangs::with_patience(3, Duration::MAX));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let (gangs, running, most) = (gangs.clone(), running.clone(), most.clone());
                thread::spawn(move || {
                    let job = move |_| {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(5));
                        running.fetch_sub(1, Ordering::SeqCst);
                    };
                    gangs.run(jobs(1, job), &|| false).unwrap();
                })
            })
            .collect();
        callers.into_iter().for_each(|c| c.join().unwrap());
        assert!((2..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }

    #[test]
    fn an_endless_gang_does_not_take_the_turns_of_others() {
        let (gangs, release, holder) = held();
        for _ in 0..3 {
            assert!(gangs.run(jobs(2, |_| ()), &|| false).is_some());
        }
        release.store(true, Ordering::SeqCst);
        holder.join().unwrap();
        assert_eq!(gangs.queue.lock().free, 1);
    }

    #[test]
    fn a_panic_is_a_lost_job() {
        let gangs = Gangs::new(2);
        let results = gangs.run(
            jobs(2, |i| {
                assert_eq!(i, 0, "boom");
                i
            }),
            &|| false,
        );
        let results = results.unwrap();
        assert_eq!(results[0], Ok(0));
        assert!(results[1].as_ref().unwrap_err().0.contains("boom"));
    }

    #[test]
    fn a_gang_that_is_abandoned_leaves_the_queue() {
        let (gangs, release, holder) = held();
        assert!(gangs.run(jobs(1, |_| ()), &|| true).is_none());
        release.store(true, Ordering::SeqCst);
        holder.join().unwrap();
        assert!(gangs.run(jobs(1, |_| ()), &|| false).is_some());
    }
}
