//! What a running pipeline tells of itself.

use super::auth::Tenant;
use super::extract::PathParams;
use super::running::running;
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::{Controller, EndpointConfig, Phase};
use crate::metrics::histogram::Observed;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_catalog::{Pipeline, RuntimeConfig};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_pipeline_stats))
}

/// All that `/stats` tells.
#[derive(Debug, Serialize)]
struct Stats {
    pipeline_config: PipelineConfig,
    global_metrics: GlobalMetrics,
    inputs: Vec<InputStatus>,
    outputs: Vec<OutputStatus>,
    metrics: Vec<Metric>,
}

/// How the pipeline was deployed.
#[derive(Debug, Serialize)]
struct PipelineConfig {
    #[serde(flatten)]
    runtime: RuntimeConfig,
    name: String,
    storage_config: Option<StorageConfig>,
    inputs: BTreeMap<String, EndpointConfig>,
    outputs: BTreeMap<String, EndpointConfig>,
}

/// Where state is kept, from the server's data folder on.
#[derive(Debug, Serialize)]
struct StorageConfig {
    path: String,
    cache: &'static str,
}

#[derive(Debug, Serialize)]
struct GlobalMetrics {
    state: &'static str,
    /// Memories of the workers.
    rss_bytes: u64,
    /// CPU time of the workers' threads in steps.
    cpu_msecs: u64,
    buffered_input_records: u64,
    total_input_records: u64,
    total_processed_records: u64,
    pipeline_complete: bool,
}

#[derive(Debug, Serialize)]
struct InputStatus {
    endpoint_name: String,
    config: EndpointConfig,
    metrics: InputMetrics,
    fatal_error: Option<String>,
    paused: bool,
}

#[derive(Debug, Serialize)]
struct InputMetrics {
    total_bytes: u64,
    total_records: u64,
    buffered_records: u64,
    num_transport_errors: u64,
    num_parse_errors: u64,
    end_of_input: bool,
}

#[derive(Debug, Serialize)]
struct OutputStatus {
    endpoint_name: String,
    config: EndpointConfig,
    metrics: OutputMetrics,
    fatal_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct OutputMetrics {
    transmitted_records: u64,
    transmitted_bytes: u64,
    queued_records: u64,
    queued_batches: u64,
    /// Gathered in an output buffer; so the next.
    buffered_records: u64,
    buffered_batches: u64,
    num_encode_errors: u64,
    num_transport_errors: u64,
    total_processed_input_records: u64,
}

#[derive(Debug, Serialize)]
struct Metric {
    key: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<(&'static str, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    value: MetricValue,
}

#[derive(Debug, Serialize)]
enum MetricValue {
    Counter(u64),
    Gauge(f64),
    Histogram(Option<HistogramValue>),
}

/// A histogram's figures; `sample` is the last observation.
#[derive(Debug, Serialize)]
struct HistogramValue {
    count: u64,
    sample: f64,
    minimum: f64,
    maximum: f64,
    mean: f64,
}

/// Returns how a pipeline is configured, how far it has come, what its endpoints did.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}/stats", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The figures.", body = Object),
    (status = 400, description = "The pipeline does not run.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 503, description = "The pipeline cannot be reached.", body = ErrorResponse),
))]
async fn get_pipeline_stats(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<Json<Stats>, ApiError> {
    let (pipeline, controller) = running(&state, tenant, name).await?;
    Ok(Json(stats(pipeline, &controller)))
}

fn stats(pipeline: Pipeline, controller: &Controller) -> Stats {
    let (inputs, outputs) = (inputs(controller), outputs(controller));
    let runtime = pipeline.runtime_config;
    let storage_config =
        runtime.storage.then(|| StorageConfig { path: format!("pipelines/{}", pipeline.id), cache: "page_cache" });
    // Endpoints that requests made are no part of the configuration.
    let configured = controller.inputs().into_iter().filter(|i| !i.by_requests);
    let pipeline_config = PipelineConfig {
        runtime,
        name: format!("pipeline-{}", pipeline.id),
        storage_config,
        inputs: configured.map(|i| (i.name.clone(), i.config.masked())).collect(),
        outputs: controller.sinks().map(|o| (o.name.clone(), o.config.masked())).collect(),
    };
    Stats { pipeline_config, global_metrics: global(controller), inputs, outputs, metrics: metrics(controller) }
}

fn global(controller: &Controller) -> GlobalMetrics {
    let progress = &controller.progress;
    // Before the counters: what says "complete" must not be followed by less.
    let pipeline_complete = controller.is_complete();
    GlobalMetrics {
        state: match &*controller.phase().borrow() {
            Phase::Paused => "Paused",
            Phase::Running => "Running",
            Phase::Failed(_) | Phase::Ended => "Terminated",
        },
        rss_bytes: controller.memory_bytes().0,
        cpu_msecs: progress.cpu_ns.load(Relaxed) / 1_000_000,
        buffered_input_records: progress.buffered_records.load(Relaxed),
        total_input_records: progress.input_records.load(Relaxed),
        total_processed_records: progress.processed_records.load(Relaxed),
        pipeline_complete,
    }
}

fn inputs(controller: &Controller) -> Vec<InputStatus> {
    let status = |input: std::sync::Arc<crate::controller::InputEndpoint>| InputStatus {
        endpoint_name: input.name.clone(),
        config: input.config.masked(),
        metrics: InputMetrics {
            total_bytes: input.counters.total_bytes.load(Relaxed),
            total_records: input.counters.total_records.load(Relaxed),
            buffered_records: input.counters.buffered_records.load(Relaxed),
            num_transport_errors: input.counters.num_transport_errors.load(Relaxed),
            num_parse_errors: input.counters.num_parse_errors.load(Relaxed),
            end_of_input: input.counters.end_of_input.load(Relaxed),
        },
        fatal_error: input.fatal_error.lock().clone(),
        paused: input.is_paused(),
    };
    controller.inputs().into_iter().map(status).collect()
}

fn outputs(controller: &Controller) -> Vec<OutputStatus> {
    let processed = controller.progress.processed_records.load(Relaxed);
    let status = |output: std::sync::Arc<crate::controller::OutputEndpoint>| {
        let counters = &output.counters;
        let queued_batches = counters.queued_batches.load(Relaxed);
        let sent = counters.total_processed_input_records.load(Relaxed);
        OutputStatus {
            endpoint_name: output.name.clone(),
            config: output.config.masked(),
            metrics: OutputMetrics {
                transmitted_records: counters.transmitted_records.load(Relaxed),
                transmitted_bytes: counters.transmitted_bytes.load(Relaxed),
                queued_records: counters.queued_records.load(Relaxed),
                queued_batches,
                buffered_records: counters.buffered_records.load(Relaxed),
                buffered_batches: counters.buffered_batches.load(Relaxed),
                num_encode_errors: counters.num_encode_errors.load(Relaxed),
                num_transport_errors: counters.num_transport_errors.load(Relaxed),
                // Steps that changed nothing of this relation need not be sent.
                total_processed_input_records: if queued_batches == 0 { processed.max(sent) } else { sent },
            },
            fatal_error: output.fatal_error.lock().clone(),
        }
    };
    controller.outputs().into_iter().map(status).collect()
}

fn metrics(controller: &Controller) -> Vec<Metric> {
    let progress = &controller.progress;
    let steps = progress.steps.load(Relaxed);
    let (memory, peak) = controller.memory_bytes();
    let mut metrics = vec![
        Metric {
            key: "feldera.dbsp.step",
            labels: vec![],
            unit: None,
            description: Some("Steps made."),
            value: MetricValue::Counter(steps),
        },
        Metric {
            key: "weir.step",
            labels: vec![],
            unit: Some("seconds"),
            description: Some("Time of steps."),
            value: histogram(&progress.step_seconds.observed()),
        },
    ];
    let queued = progress.buffered_bytes.load(Relaxed);
    for (key, description, bytes) in [
        ("weir.memory", "Memories of the workers.", memory),
        ("weir.memory.peak", "The most that the workers' memories ever had.", peak),
        ("weir.input_queue", "Changes that wait for a step.", queued),
    ] {
        let value = MetricValue::Gauge(bytes as f64);
        metrics.push(Metric { key, labels: vec![], unit: Some("bytes"), description: Some(description), value });
    }
    for rows in controller.relation_rows() {
        let (key, description) = match rows.is_table {
            true => ("weir.table.rows", "Changes that went into a table."),
            false => ("weir.view.rows", "Changes that came out of a view."),
        };
        let labels = vec![("relation", rows.relation)];
        let value = MetricValue::Counter(rows.rows);
        metrics.push(Metric { key, labels, unit: None, description: Some(description), value });
    }
    metrics
}

fn histogram(observed: &Observed) -> MetricValue {
    let count = observed.count();
    MetricValue::Histogram((count > 0).then(|| HistogramValue {
        count,
        sample: observed.last,
        minimum: observed.least,
        maximum: observed.greatest,
        mean: observed.mean(),
    }))
}
