//! What the server keeps in memory for each pipeline.

use crate::controller::Controller;
use crate::logs::LogBuffer;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Notify, watch};
use uuid::Uuid;
use weir_catalog::TenantId;
use weir_runtime::Handle;

/// A pipeline's place in the server.
#[derive(Debug)]
pub struct Slot {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which it is.
    pub id: Uuid,
    /// Its log.
    pub logs: LogBuffer,
    /// It, while it is deployed.
    controller: Mutex<Option<Arc<Controller>>>,
    /// Its workers, while they are being opened.
    opening: Mutex<Option<Handle>>,
    /// The version of the program, as far as is known here; the greatest there is once the slot is closed.
    program_version: watch::Sender<i64>,
    closed: AtomicBool,
    deploy: Notify,
    compile: Notify,
}

impl Slot {
    pub(super) fn new(tenant: TenantId, id: Uuid) -> Slot {
        Slot {
            tenant,
            id,
            logs: LogBuffer::default(),
            controller: Mutex::default(),
            opening: Mutex::default(),
            program_version: watch::Sender::new(0),
            closed: AtomicBool::new(false),
            deploy: Notify::new(),
            compile: Notify::new(),
        }
    }

    /// The running pipeline, if it is deployed.
    pub fn controller(&self) -> Option<Arc<Controller>> {
        self.controller.lock().clone()
    }

    pub(super) fn set_controller(&self, controller: Arc<Controller>) {
        *self.controller.lock() = Some(controller);
    }

    pub(super) fn take_controller(&self) -> Option<Arc<Controller>> {
        self.controller.lock().take()
    }

    pub(super) fn set_opening(&self, handle: Option<Handle>) {
        *self.opening.lock() = handle;
    }

    /// Ends the opening of workers, if it is under way: the pipeline is no longer wished for.
    pub(super) fn stop_opening(&self) {
        if let Some(handle) = self.opening.lock().take() {
            handle.kill();
        }
    }

    /// Has both drivers look at the pipeline.
    pub(super) fn wake(&self) {
        self.deploy.notify_one();
        self.compile.notify_one();
    }

    pub(super) fn wake_deploy(&self) {
        self.deploy.notify_one();
    }

    pub(super) async fn deploy_woken(&self) {
        self.deploy.notified().await;
    }

    pub(super) async fn compile_woken(&self) {
        self.compile.notified().await;
    }

    /// Tells which version the program is of; the compilation of an older one is given up.
    pub(super) fn program_is(&self, version: i64) {
        self.program_version.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }

    /// Waits until the program is newer than a version, or is no more.
    pub(super) async fn superseded(&self, version: i64) {
        let mut known = self.program_version.subscribe();
        // The sender is the slot's own.
        let _ = known.wait_for(|known| *known > version).await;
    }

    /// Ends the drivers and the compilation in hand: the pipeline is deleted, or the server ends.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.program_is(i64::MAX);
        self.stop_opening();
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
