//! The one place where a `wasmtime::Config` is made. Code is compiled in one process and loaded in another; both
//! call [`wasm_config`], because wasmtime refuses native code that was compiled under other settings.

use wasmtime::Config;

/// Bytes of address space reserved for each linear memory: all that a 32-bit memory can reach, so that no load or
/// store needs a bounds check and a memory never moves.
pub const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;

/// Bytes of the host's stack that wasm may use. Whoever calls into a component needs that much and a little more:
/// Rust's threads have 2 MiB. The guest's own stack (1 MiB by the linker's default) lies in its linear memory.
pub const WASM_STACK_BYTES_MAX: usize = 512 << 10;

/// Settings of every engine (design D10).
///
/// - Epochs: a running component can be interrupted; 3-5 % on sort and merge.
/// - Memory does not move and needs no bounds checks: 4 GiB of address space each, nothing resident.
/// - Tables are filled eagerly: a call through a table needs no check for a lazy entry.
/// - Wide arithmetic: 128-bit products (decimals) are one instruction. SIMD on, but not its relaxed part, whose results
///   depend on the machine: a step is a pure function of its inputs.
/// - No threads, no 64-bit memories, no second memory: nothing of ours needs them.
/// - No address map: a trap names functions, not source lines, and the native code is a third smaller.
pub fn wasm_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_reservation(MEMORY_RESERVATION_BYTES)
        .memory_may_move(false)
        .memory_init_cow(true)
        .table_lazy_init(false)
        .max_wasm_stack(WASM_STACK_BYTES_MAX)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(true)
        .wasm_bulk_memory(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .generate_address_map(false)
        .shared_memory(false);
    config
}
