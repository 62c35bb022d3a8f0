//! Errors as the API answers them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use weir_catalog::{CatalogError, DeploymentError as ErrorResponse, DeploymentStatus};
use weir_io::ParseError;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The catalog refused.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A verb that is none.
    #[error("Invalid pipeline action '{action}': it must be 'start', 'pause' or 'shutdown'")]
    InvalidPipelineAction {
        /// The verb.
        action: String,
    },
    /// An interaction with a pipeline that is not deployed.
    #[error(
        "Pipeline interaction failed because the deployment status ({status}) is not 'running' or 'paused': start the pipeline first"
    )]
    PipelineNotRunningOrPaused {
        /// Its status.
        status: DeploymentStatus,
    },
    /// A verb that is none, for a connector.
    #[error("Invalid connector action '{action}': it must be 'start' or 'pause'")]
    InvalidConnectorAction {
        /// The verb.
        action: String,
    },
    /// A connector that is none.
    #[error("unknown input endpoint '{endpoint_name}'")]
    UnknownInputEndpoint {
        /// Its name: `table.connector`.
        endpoint_name: String,
    },
    /// Something that this pipeline cannot do as it is configured.
    #[error("{error}")]
    NotSupported {
        /// What, and what would change it.
        error: String,
    },
    /// The pipeline has no time to answer.
    #[error("the pipeline cannot be reached: {error}")]
    PipelineUnreachable {
        /// Why.
        error: String,
    },
    /// A table that is none.
    #[error("unknown input table '{stream}'")]
    UnknownInputStream {
        /// Its name, as sent.
        stream: String,
    },
    /// A relation that is none.
    #[error("unknown output table or view '{stream}'")]
    UnknownOutputStream {
        /// Its name, as sent.
        stream: String,
    },
    /// A format that is none, for input.
    #[error("unknown input format '{format}': use 'json', 'csv', 'parquet' or 'raw'")]
    UnknownInputFormat {
        /// Its name.
        format: String,
    },
    /// A format that is none, for output.
    #[error("unknown output format '{format}': use 'json' or 'csv'")]
    UnknownOutputFormat {
        /// Its name.
        format: String,
    },
    /// A format that only goes the other way, or another way than HTTP.
    #[error("the format '{format}' is not supported for {direction} over HTTP")]
    FormatNotSupported {
        /// Its name.
        format: String,
        /// `input` or `output`.
        direction: &'static str,
    },
    /// Parameters of a format that cannot be read.
    #[error("invalid format parameters: {error}")]
    FormatParameters {
        /// What is wrong.
        error: String,
        /// Whether it is about input.
        input: bool,
    },
    /// Records that could not be read.
    #[error("{}", weir_io::parse_errors_message(.errors, *.num_errors))]
    ParseErrors {
        /// The first of them.
        errors: Vec<ParseError>,
        /// All of them.
        num_errors: usize,
    },
    /// Too many at once.
    #[error("{message}")]
    ApiConnectionLimit {
        /// How many are too many.
        message: String,
    },
    /// A query that cannot be run.
    #[error("the ad-hoc query cannot be run: {error}")]
    AdHocQuery {
        /// What is wrong with it.
        error: String,
    },
    /// The pipeline ends.
    #[error("the pipeline is terminating")]
    Terminating,
    /// The pipeline did not answer in time.
    #[error("the pipeline did not take the data within {seconds} s: {error}")]
    PipelineEndpointSendError {
        /// How long was waited.
        seconds: u64,
        /// Why it may be.
        error: String,
    },
    /// A fault of the server's own.
    #[error("the request failed within the server; the server's log tells why, under the name in 'x-request-id'")]
    Internal,
    /// The body broke off.
    #[error("the request's body broke off: {0}")]
    Body(String),
    /// No key could be made.
    #[error("the system gave no randomness: {0}")]
    Randomness(String),
    /// A key that may only ask.
    #[error("The API key does not have the scope '{scope}', which this request needs")]
    InsufficientScope {
        /// What it lacks: `Read` or `Write`.
        scope: &'static str,
    },
}

impl ApiError {
    /// The API's stable code.
    pub fn error_code(&self) -> &'static str {
        match self {
            ApiError::Catalog(e) => e.error_code(),
            ApiError::InvalidPipelineAction { .. } => "InvalidPipelineAction",
            ApiError::PipelineNotRunningOrPaused { .. } => "PipelineNotRunningOrPaused",
            ApiError::InvalidConnectorAction { .. } => "InvalidConnectorAction",
            ApiError::UnknownInputEndpoint { .. } => "UnknownInputEndpoint",
            ApiError::NotSupported { .. } => "NotSupported",
            ApiError::PipelineUnreachable { .. } => "PipelineUnreachable",
            ApiError::UnknownInputStream { .. } => "ConfigError.UnknownInputStream",
            ApiError::UnknownOutputStream { .. } => "ConfigError.UnknownOutputStream",
            ApiError::UnknownInputFormat { .. } => "ConfigError.UnknownInputFormat",
            ApiError::UnknownOutputFormat { .. } => "ConfigError.UnknownOutputFormat",
            ApiError::FormatNotSupported { direction: "input", .. } => "ConfigError.InputFormatNotSupported",
            ApiError::FormatNotSupported { .. } => "ConfigError.OutputFormatNotSupported",
            ApiError::FormatParameters { input: true, .. } => "ConfigError.ParserConfigParseError",
            ApiError::FormatParameters { .. } => "ConfigError.EncoderConfigParseError",
            ApiError::ParseErrors { .. } => "ParseErrors",
            ApiError::ApiConnectionLimit { .. } => "ApiConnectionLimit",
            ApiError::AdHocQuery { .. } => "AdHocQueryError",
            ApiError::Terminating => "Terminating",
            ApiError::PipelineEndpointSendError { .. } => "PipelineEndpointSendError",
            ApiError::Internal => "InternalError",
            ApiError::Body(_) => "BodyError",
            ApiError::Randomness(_) => "Randomness",
            ApiError::InsufficientScope { .. } => "InsufficientScope",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            ApiError::Catalog(e) => StatusCode::from_u16(e.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            ApiError::UnknownInputStream { .. } | ApiError::UnknownOutputStream { .. } => StatusCode::NOT_FOUND,
            ApiError::UnknownInputEndpoint { .. } => StatusCode::NOT_FOUND,
            ApiError::PipelineUnreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::ApiConnectionLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
            ApiError::Terminating => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ApiError::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            ApiError::Internal | ApiError::PipelineEndpointSendError { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn details(&self) -> Value {
        match self {
            ApiError::Catalog(e) => e.details(),
            ApiError::InvalidPipelineAction { action } | ApiError::InvalidConnectorAction { action } => {
                json!({ "action": action })
            }
            ApiError::InsufficientScope { scope } => json!({ "scope": scope }),
            ApiError::UnknownInputEndpoint { endpoint_name } => json!({ "endpoint_name": endpoint_name }),
            ApiError::NotSupported { error } | ApiError::PipelineUnreachable { error } => json!({ "error": error }),
            ApiError::PipelineNotRunningOrPaused { status } => json!({ "status": status }),
            ApiError::UnknownInputStream { stream } | ApiError::UnknownOutputStream { stream } => {
                json!({ "config_error": { "stream_name": stream } })
            }
            ApiError::UnknownInputFormat { format } | ApiError::UnknownOutputFormat { format } => {
                json!({ "config_error": { "format_name": format } })
            }
            ApiError::FormatNotSupported { format, .. } => json!({ "config_error": { "format": format } }),
            ApiError::FormatParameters { error, .. } => json!({ "config_error": { "error": error } }),
            ApiError::ParseErrors { errors, num_errors } => json!({ "errors": errors, "num_errors": num_errors }),
            ApiError::PipelineEndpointSendError { error, .. } | ApiError::AdHocQuery { error } => {
                json!({ "error": error })
            }
            _ => Value::Null,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(error = %self, code = self.error_code(), "a request failed");
        }
        let body = ErrorResponse {
            message: self.to_string(),
            error_code: self.error_code().to_owned(),
            details: self.details(),
        };
        (status, Json(body)).into_response()
    }
}
