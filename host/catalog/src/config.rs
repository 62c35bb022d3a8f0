//! The two configurations of a pipeline, parsed and written back with their defaults.

use crate::CatalogError;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Workers that a pipeline may ask for.
pub(crate) const WORKERS_MAX: u16 = 64;

/// Resources that a pipeline asks for; memory is enforced per pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ResourceConfig)]
pub struct Resources {
    /// Least number of cores.
    pub cpu_cores_min: Option<u64>,
    /// Greatest number of cores.
    pub cpu_cores_max: Option<u64>,
    /// Least memory, in megabytes.
    pub memory_mb_min: Option<u64>,
    /// Greatest memory, in megabytes.
    pub memory_mb_max: Option<u64>,
    /// Greatest storage, in megabytes.
    pub storage_mb_max: Option<u64>,
    /// Kind of storage.
    pub storage_class: Option<String>,
}

/// How often a pipeline writes down its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = FtConfig)]
pub struct FaultTolerance {
    /// Seconds between checkpoints; 0: only when asked for.
    pub checkpoint_interval_secs: u64,
}

impl Default for FaultTolerance {
    fn default() -> Self {
        FaultTolerance { checkpoint_interval_secs: 60 }
    }
}

/// How a pipeline runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RuntimeConfig {
    /// Worker instances, each on a thread of its own while it steps.
    pub workers: u16,
    /// Whether state is kept on disk.
    pub storage: bool,
    /// Fault tolerance, if wished.
    pub fault_tolerance: Option<FaultTolerance>,
    /// Whether operators are profiled.
    pub cpu_profiler: bool,
    /// Whether events are traced.
    pub tracing: bool,
    /// Where traces are sent.
    pub tracing_endpoint_jaeger: String,
    /// Records to wait for before a step.
    pub min_batch_size_records: u64,
    /// Microseconds to wait for them.
    pub max_buffering_delay_usecs: u64,
    /// Resources.
    #[serde(deserialize_with = "null_as_default")]
    pub resources: Resources,
    /// Bytes of state from which it is kept on disk.
    pub min_storage_bytes: Option<u64>,
    /// Microseconds between the ticks of `NOW()`; none: no ticks.
    pub clock_resolution_usecs: Option<u64>,
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Option::deserialize(d).map(Option::unwrap_or_default)
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        RuntimeConfig {
            workers: 8,
            storage: false,
            fault_tolerance: None,
            cpu_profiler: true,
            tracing: false,
            tracing_endpoint_jaeger: "127.0.0.1:6831".into(),
            min_batch_size_records: 0,
            max_buffering_delay_usecs: 0,
            resources: Resources::default(),
            min_storage_bytes: None,
            clock_resolution_usecs: Some(100_000),
        }
    }
}

impl RuntimeConfig {
    /// Reads a configuration as a client sent it; unknown keys are dropped, absent ones have their defaults.
    ///
    /// # Errors
    /// `InvalidRuntimeConfig`: a value of another type, or a number of workers out of range.
    pub fn parse(value: Value) -> Result<RuntimeConfig, CatalogError> {
        if value.is_null() {
            return Ok(RuntimeConfig::default());
        }
        let invalid = |error: String| CatalogError::InvalidRuntimeConfig { value: value.clone(), error };
        let config: RuntimeConfig = serde_json::from_value(value.clone()).map_err(|e| invalid(e.to_string()))?;
        if config.workers == 0 || config.workers > WORKERS_MAX {
            return Err(invalid(format!("workers must be from 1 to {WORKERS_MAX}, not {}", config.workers)));
        }
        Ok(config)
    }
}

/// How a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CompilationProfile)]
pub enum ProgramProfile {
    /// Starts soonest.
    Dev,
    /// Compiled, barely optimised.
    Unoptimized,
    /// Compiled and optimised: what a program without a profile gets.
    Optimized,
}

/// How a program is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProgramConfig {
    /// The profile; none: optimized.
    pub profile: Option<ProgramProfile>,
    /// Whether an earlier compilation of the same program may be used.
    pub cache: bool,
}

impl Default for ProgramConfig {
    fn default() -> Self {
        ProgramConfig { profile: None, cache: true }
    }
}

impl ProgramConfig {
    /// Reads a configuration as a client sent it.
    ///
    /// # Errors
    /// `InvalidProgramConfig`.
    pub fn parse(value: Value) -> Result<ProgramConfig, CatalogError> {
        if value.is_null() {
            return Ok(ProgramConfig::default());
        }
        serde_json::from_value(value.clone())
            .map_err(|e| CatalogError::InvalidProgramConfig { value, error: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_are_written_back() {
        let config = RuntimeConfig::parse(json!({ "workers": 3, "unknown": 1, "resources": null })).unwrap();
        let written = serde_json::to_value(&config).unwrap();
        assert_eq!(
            written,
            json!({"workers":3,"storage":false,"fault_tolerance":null,"cpu_profiler":true,"tracing":false,
                "tracing_endpoint_jaeger":"127.0.0.1:6831","min_batch_size_records":0,"max_buffering_delay_usecs":0,
                "resources":{"cpu_cores_min":null,"cpu_cores_max":null,"memory_mb_min":null,"memory_mb_max":null,
                    "storage_mb_max":null,"storage_class":null},
                "min_storage_bytes":null,"clock_resolution_usecs":100000})
        );
        assert_eq!(
            serde_json::to_value(ProgramConfig::parse(Value::Null).unwrap()).unwrap(),
            json!({"profile":null,"cache":true})
        );
    }

    #[test]
    fn wrong_values() {
        for value in [
            json!({"workers": null}),
            json!({"workers": 0}),
            json!({"workers": 70000}),
            json!({"storage": 1}),
            json!(5),
        ] {
            assert_eq!(RuntimeConfig::parse(value).unwrap_err().error_code(), "InvalidRuntimeConfig");
        }
        assert_eq!(ProgramConfig::parse(json!({"profile": "fast"})).unwrap_err().error_code(), "InvalidProgramConfig");
    }
}
