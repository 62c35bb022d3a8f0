//! Epochs: one thread per engine that lets running components come up for air. It sleeps while none runs.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::EngineWeak;

/// Time between two epochs: a component looks at its pipeline's flags that often.
pub(crate) const TICK: Duration = Duration::from_millis(5);

#[derive(Debug, Default)]
struct State {
    running: usize,
    engine_gone: bool,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

/// The ticker; its thread ends with it.
#[derive(Debug)]
pub(crate) struct Ticker(Arc<Inner>);

/// A component runs as long as this lives.
#[derive(Debug)]
pub(crate) struct Running(Arc<Inner>);

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Ticker> {
        let inner = Arc::new(Inner::default());
        let thread_inner = inner.clone();
        thread::Builder::new().name("weir-epochs".to_owned()).spawn(move || tick(&thread_inner, &engine))?;
        Ok(Ticker(inner))
    }

    pub(crate) fn running(&self) -> Running {
        let mut state = self.0.state.lock();
        state.running += 1;
        if state.running == 1 {
            self.0.changed.notify_one();
        }
        Running(self.0.clone())
    }
}

fn tick(inner: &Inner, engine: &EngineWeak) {
    loop {
        {
            let mut state = inner.state.lock();
            while state.running == 0 && !state.engine_gone {
                inner.changed.wait(&mut state);
            }
            if state.engine_gone {
                return;
            }
        }
        thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state.lock().running -= 1;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.state.lock().engine_gone = true;
        self.0.changed.notify_one();
    }
}
