//! What a running pipeline tells: the names that clients of this generation know, and more.

use super::text::{Exposition, Labels};
use crate::controller::Controller;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whose metrics they are.
#[derive(Clone, Copy, Debug)]
pub struct PipelineLabels<'a> {
    /// `pipeline-<id>`.
    pub pipeline: &'a str,
    /// The name that its owner gave it.
    pub name: &'a str,
    /// The tenant, where metrics of all tenants are told.
    pub tenant: Option<&'a str>,
}

/// Writes the metrics of a pipeline. `state_bytes`: the size of its operators' state, if it is known.
pub fn write_pipeline(
    out: &mut Exposition,
    whose: PipelineLabels<'_>,
    controller: &Controller,
    state_bytes: Option<u64>,
) {
    let own = [("pipeline", whose.pipeline)];
    let info: Vec<(&str, &str)> =
        own.into_iter().chain([("name", whose.name)]).chain(whose.tenant.map(|t| ("tenant", t))).collect();
    out.gauge("weir_pipeline_info", "The names of a pipeline that runs or is paused.", &info, 1);
    write_progress(out, &own, controller);
    if let Some(bytes) = state_bytes {
        out.gauge("weir_state_bytes", "Bytes of the operators' state.", &own, bytes);
    }
    for rows in controller.relation_rows() {
        let labels = [own[0], ("relation", rows.relation.as_str())];
        if rows.is_table {
            out.counter("weir_table_rows_total", "Changes that went into a table.", &labels, rows.rows);
        } else {
            out.counter("weir_view_rows_total", "Changes that came out of a view.", &labels, rows.rows);
        }
    }
    for input in controller.inputs() {
        let labels = [own[0], ("endpoint", input.name.as_str())];
        let c = &input.counters;
        let mut gauge = |name, help, n: &AtomicU64| out.gauge(name, help, &labels, n.load(Relaxed));
        gauge("input_total_bytes", "Bytes received.", &c.total_bytes);
        gauge("input_total_records", "Records received.", &c.total_records);
        gauge("input_buffered_records", "Records that wait for a step.", &c.buffered_records);
        gauge("input_num_transport_errors", "Errors of the transport.", &c.num_transport_errors);
        gauge("input_num_parse_errors", "Records that could not be read.", &c.num_parse_errors);
    }
    for output in controller.outputs() {
        let labels = [own[0], ("endpoint", output.name.as_str())];
        let c = &output.counters;
        let mut gauge = |name, help, n: &AtomicU64| out.gauge(name, help, &labels, n.load(Relaxed));
        gauge("output_transmitted_bytes", "Bytes sent.", &c.transmitted_bytes);
        gauge("output_transmitted_records", "Records sent.", &c.transmitted_records);
        gauge("output_buffered_records", "Records that wait to be sent.", &c.queued_records);
        gauge("output_buffered_batches", "Steps whose records wait to be sent.", &c.queued_batches);
        gauge("output_num_transport_errors", "Errors of the transport.", &c.num_transport_errors);
        gauge("output_num_encode_errors", "Records that could not be written.", &c.num_encode_errors);
    }
}

fn write_progress(out: &mut Exposition, own: Labels<'_>, controller: &Controller) {
    let progress = &controller.progress;
    let (memory, peak) = controller.memory_bytes();
    let cpu_ns = progress.cpu_ns.load(Relaxed);
    out.gauge("cpu_msecs", "CPU time of the workers in steps, in milliseconds.", own, cpu_ns / 1_000_000);
    out.gauge("rss_bytes", "Bytes of the workers' memories.", own, memory);
    out.gauge("weir_memory_peak_bytes", "The most bytes that the workers' memories ever had.", own, peak);
    let help = "Records that wait for a step.";
    out.gauge("buffered_input_records", help, own, progress.buffered_records.load(Relaxed));
    let help = "Bytes of the changes that wait for a step.";
    out.gauge("weir_input_queue_bytes", help, own, progress.buffered_bytes.load(Relaxed));
    out.gauge("total_input_records", "Records taken in.", own, progress.input_records.load(Relaxed));
    let help = "Records that went through a step.";
    out.gauge("total_processed_records", help, own, progress.processed_records.load(Relaxed));
    let help = "Whether all input has ended and all of it was worked on: 1 or 0.";
    out.gauge("pipeline_completed", help, own, u64::from(controller.is_complete()));
    out.counter("feldera_dbsp_step", "Steps made.", own, progress.steps.load(Relaxed));
    let help = "The longest time that a step waited for a page of an ad-hoc query, in microseconds.";
    out.gauge("weir_step_wait_us_max", help, own, controller.step_wait_us_max());
    let help = "Bytes that ad-hoc queries use.";
    out.gauge("weir_query_memory_bytes", help, own, controller.query_memory().used_bytes() as u64);
    out.histogram("weir_step_seconds", "Time of steps.", own, &progress.step_seconds.observed());
}
