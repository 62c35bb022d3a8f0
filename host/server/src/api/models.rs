//! The API's models of a pipeline.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use weir_catalog::{NewPipeline, Patch, Pipeline};

/// Which fields of a pipeline an answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Selector {
    /// All of them.
    #[default]
    All,
    /// Those that say how it is, without program and configuration.
    Status,
}

/// Query parameters of the calls that return pipelines.
#[derive(Debug, Deserialize)]
pub(crate) struct SelectorQuery {
    /// Which fields.
    #[serde(default)]
    pub(crate) selector: Selector,
}

/// A pipeline as the API shows it: the stored record, all keys or those of its status.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PipelineView(Map<String, Value>);

/// Keys that are left out of a status.
const PROGRAM_KEYS: [&str; 6] =
    ["runtime_config", "program_code", "udf_rust", "udf_toml", "program_config", "program_info"];

impl PipelineView {
    pub(crate) fn new(pipeline: &Pipeline, selector: Selector) -> Result<PipelineView, serde_json::Error> {
        let Value::Object(mut fields) = serde_json::to_value(pipeline)? else {
            return Ok(PipelineView(Map::new()));
        };
        let time =
            |t: &chrono::DateTime<chrono::Utc>| Value::String(t.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        for (key, value) in [
            ("created_at", &pipeline.created_at),
            ("program_status_since", &pipeline.program_status_since),
            ("deployment_status_since", &pipeline.deployment_status_since),
        ] {
            fields.insert(key.into(), time(value));
        }
        if selector == Selector::Status {
            for key in PROGRAM_KEYS {
                fields.remove(key);
            }
        }
        Ok(PipelineView(fields))
    }
}

/// Body of POST and PUT.
#[derive(Debug, Deserialize)]
pub struct NewPipelineBody {
    name: String,
    description: Option<String>,
    #[serde(default)]
    runtime_config: Value,
    program_code: String,
    udf_rust: Option<String>,
    udf_toml: Option<String>,
    #[serde(default)]
    program_config: Value,
}

impl From<NewPipelineBody> for NewPipeline {
    fn from(body: NewPipelineBody) -> NewPipeline {
        NewPipeline {
            name: body.name,
            description: body.description.unwrap_or_default(),
            runtime_config: body.runtime_config,
            program_code: body.program_code,
            udf_rust: body.udf_rust.unwrap_or_default(),
            udf_toml: body.udf_toml.unwrap_or_default(),
            program_config: body.program_config,
        }
    }
}

/// Body of PATCH; what is absent or null stays.
#[derive(Debug, Deserialize)]
pub struct PatchPipelineBody {
    name: Option<String>,
    description: Option<String>,
    runtime_config: Option<Value>,
    program_code: Option<String>,
    udf_rust: Option<String>,
    udf_toml: Option<String>,
    program_config: Option<Value>,
}

impl From<PatchPipelineBody> for Patch {
    fn from(body: PatchPipelineBody) -> Patch {
        Patch {
            name: body.name,
            description: body.description,
            runtime_config: body.runtime_config,
            program_code: body.program_code,
            udf_rust: body.udf_rust,
            udf_toml: body.udf_toml,
            program_config: body.program_config,
        }
    }
}
