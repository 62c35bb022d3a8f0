//! What a component may ask of the host: the interface `weir:pipeline/host`. Each function either does what was asked or ends
//! the pipeline; none blocks for longer than until the pipeline ends.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::block::{WireBlock, WireLevel, WirePosition};
use crate::exchange::ExchangeError;
use crate::failure::{Failure, FailureKind};
use crate::log::Level;
use crate::shared::Ended;
use crate::state::StoreError;
use crate::worker::WorkerState;

/// The interface's name.
const HOST: &str = "weir:pipeline/host@0.1.0";

type Context<'a> = StoreContextMut<'a, WorkerState>;

/// Link the interface.
pub(crate) fn link(linker: &mut Linker<WorkerState>) -> wasmtime::Result<()> {
    let mut host = linker.instance(HOST)?;
    host.func_wrap("exchange", |mut cx: Context<'_>, (channel, outgoing): (u32, Vec<WireBlock>)| {
        let state = cx.data_mut();
        if !state.in_step {
            return Err(state.fail(FailureKind::Protocol, "exchange was called outside of a step").into());
        }
        let bytes: u64 = outgoing.iter().map(WireBlock::bytes).sum();
        state.exchanged_bytes += bytes;
        // The blocks lie in the host's memory until their receivers have them.
        if !state.shared.memory.take(bytes) {
            return Err(state.shared.out_of_memory(state.worker).into());
        }
        let begun = std::time::Instant::now();
        let incoming = state.shared.exchange.exchange(state.worker, channel, outgoing);
        state.shared.memory.give_back(bytes);
        state.exchange_wait += begun.elapsed();
        match incoming {
            Ok(incoming) => Ok((incoming,)),
            Err(ExchangeError::Protocol(message)) => Err(state.fail(FailureKind::Protocol, message).into()),
            Err(ExchangeError::Ended) => Err(Ended.into()),
        }
    })?;
    host.func_wrap("state-write", |cx: Context<'_>, (block,): (WireBlock,)| {
        let state = cx.data();
        let block = block.checked().map_err(|e| state.fail(FailureKind::Protocol, e))?;
        let id = state.shared.store.write(block).map_err(|e| store_failed(state, &e))?;
        Ok((id,))
    })?;
    host.func_wrap("state-read", |cx: Context<'_>, (id,): (u64,)| {
        let state = cx.data();
        let block = state.shared.store.read(id).map_err(|e| store_failed(state, &e))?;
        Ok((WireBlock::from(block),))
    })?;
    host.func_wrap("state-drop", |cx: Context<'_>, (id,): (u64,)| {
        let state = cx.data();
        state.shared.store.drop_block(id).map_err(|e| store_failed(state, &e))?;
        Ok(())
    })?;
    host.func_wrap("operated", |mut cx: Context<'_>, (node, rows_in, rows_out): (u32, u64, u64)| {
        let state = cx.data_mut();
        let waited = state.exchange_wait;
        let counted = state.profile.operated(node, rows_in, rows_out, waited);
        counted.map_err(|e| state.fail(FailureKind::Protocol, e.to_string()).into())
    })?;
    host.func_wrap("committed", |mut cx: Context<'_>, (node,): (u32,)| {
        let state = cx.data_mut();
        let waited = state.exchange_wait;
        let counted = state.profile.committed(node, waited);
        counted.map_err(|e| state.fail(FailureKind::Protocol, e.to_string()).into())
    })?;
    host.func_wrap("log", |cx: Context<'_>, (level, message): (WireLevel, String)| {
        let level = match level {
            WireLevel::Debug => Level::Debug,
            WireLevel::Info => Level::Info,
            WireLevel::Warn => Level::Warn,
            WireLevel::Error => Level::Error,
        };
        let state = cx.data();
        state.shared.log.line(level, state.worker, &message);
        Ok(())
    })?;
    host.func_wrap("fail", |cx: Context<'_>, (message, at): (String, WirePosition)| {
        let state = cx.data();
        // The SDK reports panics of its own this way: a bug in the component, not an error of the SQL program.
        let is_panic = at.line == 0 && message.starts_with("panicked at ");
        let kind = if is_panic { FailureKind::Trap } else { FailureKind::SqlError };
        let mut failure = Failure::new(kind, Some(state.worker), message);
        failure.position = (at.line != 0).then_some((at.line, at.column));
        Err::<(), _>(state.shared.fail(failure).into())
    })?;
    host.func_wrap("cancelled", |cx: Context<'_>, (): ()| Ok((cx.data().shared.has_ended(),)))?;
    Ok(())
}

fn store_failed(state: &WorkerState, error: &StoreError) -> Ended {
    let kind = match error {
        StoreError::NoBlock(_) => FailureKind::Protocol,
        StoreError::Damaged(_) | StoreError::Database(_) => FailureKind::Store,
    };
    state.fail(kind, error.to_string())
}
