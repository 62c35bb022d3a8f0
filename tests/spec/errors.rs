//! Section 1.4: every code of tables A, B and D is either produced here, or by a test that is named here, or cannot occur, for a
//! reason that is named here.

use crate::shared::{ask, on_shared, request, run_paused, send};
use crate::support::Server;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Table A: what the manager can answer.
const TABLE_A: &str = "UnknownPipelineName DuplicateName EmptyName TooLongName NameDoesNotMatchPattern InvalidRuntimeConfig
InvalidProgramConfig CannotUpdateNonShutdownPipeline CannotDeleteNonShutdownPipeline CannotRenameNonExistingPipeline
IllegalPipelineStateTransition InvalidPipelineAction InvalidConnectorAction PipelineNotRunningOrPaused UnknownApiKey
EnterpriseFeature PipelineUnreachable PipelineEndpointSendError RunnerUnreachable LogFollowRequestChannelFull
LogFollowRequestChannelClosed PipelineMissingDeploymentLocation UnknownTenant InvalidApiKey PostgresError PostgresPoolError
PostgresMigrationError PgEmbedError InvalidProgramStatus InvalidPipelineStatus InvalidDesiredPipelineStatus InvalidJsonData
InvalidErrorResponse InvalidProgramInfo InvalidDeploymentConfig FailedToSerializeRuntimeConfig FailedToSerializeProgramConfig
FailedToSerializeErrorResponse UniqueKeyViolation DuplicateKey MissingMigrations IoError JsonSerializationError
JsonDeserializationError MissingUrlEncodedParam InvalidUuidParam InvalidChecksumParam InvalidVersionParam InvalidNameParam";
/// Table B: why a pipeline is Failed.
const TABLE_B: &str = "StartFailedDueToFailedCompilation PipelineProvisioningTimeout PipelineInitializingTimeout
PipelineAfterInitializationBecameRunning PipelineStartupError PipelineDeploymentError PortFileParseError BinaryFetchError
PipelineMissingProgramInfo PipelineMissingProgramBinaryUrl PipelineMissingDeploymentConfig PipelineInvalidRuntimeConfig
PipelineInvalidProgramInfo PipelineInvalidDeploymentConfig FailedToSerializeDeploymentConfig
CannotProvisionDifferentPlatformVersion PipelineEndpointInvalidResponse RuntimeError.WorkerPanic RuntimeError.Terminated";
/// Table D: what a pipeline can answer.
const TABLE_D: &str = "Initializing Terminating InitializationError PrometheusError ApiConnectionLimit ParseErrors HeapProfilerError
AdHocQueryError UnknownInputEndpoint ConfigError.UnknownInputStream ConfigError.UnknownOutputStream ConfigError.UnknownInputFormat
ConfigError.UnknownOutputFormat ConfigError.ParserConfigParseError ConfigError.EncoderConfigParseError
ConfigError.InputFormatNotSupported ConfigError.OutputFormatNotSupported ConfigError.InputFormatNotSpecified
ConfigError.OutputFormatNotSpecified ConfigError.InvalidParserConfig ConfigError.InvalidEncoderConfig
ConfigError.InvalidTransportConfig ConfigError.InvalidOutputBufferConfig ConfigError.DuplicateInputEndpoint
ConfigError.DuplicateInputStream ConfigError.DuplicateOutputEndpoint ConfigError.DuplicateOutputStream
ConfigError.UnknownInputTransport ConfigError.UnknownOutputTransport ConfigError.PipelineConfigParseError
ConfigError.FtRequiresStorage ConfigError.FtWithNonFtInput ParseError NotSupported RestoreInProgress InputTransportError
OutputTransportError EncodeError ControllerIoError DbspPanic ControllerPanic ControllerExit";

/// Shown by another test: the file, the test.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("ApiConnectionLimit", include_str!("../stats.rs"), "a_hundred_connections_each_way"),
    (
        "PipelineEndpointSendError",
        include_str!("interaction.rs"),
        "ingress_of_a_paused_pipeline_waits_10_s_and_force_does_not",
    ),
    ("Terminating", include_str!("interaction.rs"), "ingress_that_waits_for_a_pipeline_that_ends_is_503_terminating"),
    (
        "RuntimeError.WorkerPanic",
        include_str!("../lifecycle.rs"),
        "an_error_of_the_program_fails_the_pipeline_with_its_place",
    ),
    ("PipelineDeploymentError", include_str!("../lifecycle.rs"), "a_killed_server_says_what_was_lost"),
    (
        "PipelineProvisioningTimeout",
        include_str!("../../host/server/src/manager/deploy.rs"),
        "a_time_that_is_over_is_told_as_clients_read_durations",
    ),
    (
        "PipelineInitializingTimeout",
        include_str!("../../host/server/src/manager/deploy.rs"),
        "a_time_that_is_over_is_told_as_clients_read_durations",
    ),
    ("InvalidApiKey", include_str!("../tenants.rs"), "whoever_shows_no_key_or_a_wrong_one_is_told_as_clients_expect"),
    ("UnknownTenant", include_str!("../tenants.rs"), "whoever_shows_no_key_or_a_wrong_one_is_told_as_clients_expect"),
];

/// Cannot occur in Weir.
const NEVER: &[(&str, &str)] = &[
    ("nothing is sold separately", "EnterpriseFeature"),
    ("pipelines live in the server's process: nothing lies between", "RunnerUnreachable LogFollowRequestChannelFull
        LogFollowRequestChannelClosed PipelineMissingDeploymentLocation PortFileParseError BinaryFetchError
        PipelineMissingProgramBinaryUrl PipelineEndpointInvalidResponse Initializing InitializationError
        PipelineAfterInitializationBecameRunning RuntimeError.Terminated"),
    ("only a step of more than 100 s makes a checkpoint or a profile give up so", "PipelineUnreachable"),
    ("only a compiled file that is damaged between its check and its start", "PipelineStartupError"),
    ("there is no PostgreSQL", "PostgresError PostgresPoolError PostgresMigrationError PgEmbedError UniqueKeyViolation DuplicateKey
        MissingMigrations"),
    ("records are stored with their types: what cannot be read is InvalidJsonData, which only a damaged database has",
        "InvalidProgramStatus InvalidPipelineStatus InvalidDesiredPipelineStatus InvalidJsonData InvalidErrorResponse
        InvalidProgramInfo InvalidDeploymentConfig FailedToSerializeRuntimeConfig FailedToSerializeProgramConfig
        FailedToSerializeErrorResponse IoError JsonSerializationError JsonDeserializationError"),
    ("a route without its parameter is another route", "MissingUrlEncodedParam"),
    ("servers within upstream, which Weir does not have", "InvalidUuidParam InvalidChecksumParam InvalidVersionParam InvalidNameParam"),
    ("nothing is stored of a deployment but its status", "PipelineMissingProgramInfo PipelineMissingDeploymentConfig
        PipelineInvalidRuntimeConfig PipelineInvalidProgramInfo PipelineInvalidDeploymentConfig FailedToSerializeDeploymentConfig"),
    ("a program of another platform is compiled anew", "CannotProvisionDifferentPlatformVersion"),
    ("figures are written from counters, which cannot fail", "PrometheusError HeapProfilerError"),
    ("connectors are checked as the program is compiled; what fails later is their fatal_error", "ConfigError.InputFormatNotSpecified ConfigError.OutputFormatNotSpecified
        ConfigError.InvalidParserConfig ConfigError.InvalidEncoderConfig ConfigError.InvalidTransportConfig
        ConfigError.InvalidOutputBufferConfig ConfigError.DuplicateInputEndpoint ConfigError.DuplicateInputStream
        ConfigError.DuplicateOutputEndpoint ConfigError.DuplicateOutputStream ConfigError.UnknownInputTransport
        ConfigError.UnknownOutputTransport ConfigError.PipelineConfigParseError InputTransportError OutputTransportError"),
    ("fault tolerance comes with state that outlives the host", "ConfigError.FtRequiresStorage ConfigError.FtWithNonFtInput RestoreInProgress"),
    ("one bad record is ParseErrors, as several are", "ParseError"),
    ("told in the pipeline's log, since the answer has begun", "EncodeError"),
    ("what fails in a step fails the pipeline: WorkerPanic", "ControllerIoError DbspPanic ControllerPanic ControllerExit"),
];

/// One answer that is an error.
struct Row {
    code: &'static str,
    status: u16,
    method: Method,
    path: &'static str,
    body: serde_json::Value,
}

fn row(code: &'static str, status: u16, method: Method, path: &'static str) -> Row {
    Row { code, status, method, path, body: serde_json::Value::Null }
}

impl Row {
    fn with(self, body: serde_json::Value) -> Row {
        Row { body, ..self }
    }

    async fn holds(&self, server: &Server) {
        let path = format!("/v0/{}", self.path);
        let answer = if self.body.is_null() {
            request(server, self.method.clone(), &path, &[], "").await
        } else {
            send(server, self.method.clone(), &path, &self.body).await
        };
        answer.is_error(self.status, self.code);
    }
}

/// The pipelines `errdown` (shut down), `errup` (paused) and `errbad` (Failed) are there.
fn table() -> Vec<Row> {
    let new = |name: &str| json!({ "name": name, "program_code": "" });
    let config = |key: &str| json!({ "name": "errnew", "program_code": "", key: 1 });
    let (get, post, put, patch, delete) = (Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    vec![
        row("UnknownPipelineName", 404, get.clone(), "pipelines/errnone"),
        row("UnknownPipelineName", 404, get.clone(), "pipelines/errnone/logs"),
        row("UnknownPipelineName", 404, get.clone(), "pipelines/errnone/stats"),
        row("UnknownPipelineName", 404, delete.clone(), "pipelines/errnone"),
        row("UnknownPipelineName", 404, post.clone(), "pipelines/errnone/ingress/t"),
        row("DuplicateName", 409, post.clone(), "pipelines").with(new("errup")),
        row("EmptyName", 400, post.clone(), "pipelines").with(new("")),
        row("TooLongName", 400, post.clone(), "pipelines").with(new(&"x".repeat(101))),
        row("NameDoesNotMatchPattern", 400, post.clone(), "pipelines").with(new("a b")),
        row("InvalidRuntimeConfig", 400, post.clone(), "pipelines").with(config("runtime_config")),
        row("InvalidProgramConfig", 400, post.clone(), "pipelines").with(config("program_config")),
        row("CannotUpdateNonShutdownPipeline", 400, patch, "pipelines/errup").with(json!({})),
        row("CannotUpdateNonShutdownPipeline", 400, put.clone(), "pipelines/errbad").with(new("errbad")),
        row("CannotDeleteNonShutdownPipeline", 400, delete.clone(), "pipelines/errbad"),
        row("CannotRenameNonExistingPipeline", 400, put, "pipelines/errnone").with(new("errother")),
        row("IllegalPipelineStateTransition", 400, post.clone(), "pipelines/errbad/start"),
        row("InvalidPipelineAction", 400, post.clone(), "pipelines/errup/Start"),
        row("InvalidConnectorAction", 400, post.clone(), "pipelines/errnone/tables/t/connectors/c/stop"),
        row("PipelineNotRunningOrPaused", 400, get.clone(), "pipelines/errdown/stats"),
        row("PipelineNotRunningOrPaused", 400, get.clone(), "pipelines/errbad/query?sql=SELECT%201"),
        row("UnknownApiKey", 404, get.clone(), "api_keys/errnone"),
        row("UnknownApiKey", 404, delete, "api_keys/errnone"),
        row("ParseErrors", 400, post.clone(), "pipelines/errup/ingress/t?format=json&force=true").with(json!([1])),
        row("AdHocQueryError", 400, get, "pipelines/errup/query?sql=SELECT%20x%20FROM%20nowhere"),
        row("UnknownInputEndpoint", 404, post.clone(), "pipelines/errup/tables/t/connectors/c/start"),
        row("ConfigError.UnknownInputStream", 404, post.clone(), "pipelines/errup/ingress/nothing"),
        row("ConfigError.UnknownOutputStream", 404, post.clone(), "pipelines/errup/egress/nothing"),
        row("ConfigError.UnknownInputFormat", 400, post.clone(), "pipelines/errup/ingress/t?format=xml"),
        row("ConfigError.UnknownOutputFormat", 400, post.clone(), "pipelines/errup/egress/t?format=xml"),
        row("ConfigError.ParserConfigParseError", 400, post.clone(), "pipelines/errup/ingress/t?format=json&lines=x"),
        row("ConfigError.EncoderConfigParseError", 400, post.clone(), "pipelines/errup/egress/t?format=json&lines=x"),
        row("ConfigError.InputFormatNotSupported", 400, post.clone(), "pipelines/errup/ingress/t?format=avro"),
        row(
            "ConfigError.OutputFormatNotSupported",
            400,
            post.clone(),
            "pipelines/errup/egress/t?format=json&update_format=raw",
        ),
        row("NotSupported", 400, post, "pipelines/errup/checkpoint"),
    ]
}

#[test]
fn every_code_of_the_tables_is_produced_or_cannot_occur() {
    on_shared(async |server| {
        server.create("errdown", "").await;
        server.create("errbad", "CREATE VIEW v AS SELECT nothing FROM nowhere;").await;
        server.action("errbad", "start").await;
        run_paused(server, "errup", "CREATE TABLE t(x INT);").await;
        let failed = server.until_status("errbad", "Failed").await;
        let mut explained = BTreeSet::from([failed["deployment_error"]["error_code"].as_str().unwrap().to_owned()]);
        for row in table() {
            row.holds(server).await;
            explained.insert(row.code.to_owned());
        }
        for (code, text, test) in ELSEWHERE {
            assert!(text.contains(&format!("fn {test}(")), "{code}: there is no test {test}");
            explained.insert((*code).to_owned());
        }
        let (mut all, mut twice) = (BTreeSet::new(), Vec::new());
        for (why, codes) in NEVER {
            for code in codes.split_whitespace() {
                if !explained.insert(code.to_owned()) {
                    twice.push(format!("{code} occurs, or is named twice: {why}"));
                }
            }
        }
        assert!(twice.is_empty(), "{}", twice.join("\n"));
        for table in [TABLE_A, TABLE_B, TABLE_D] {
            all.extend(table.split_whitespace().map(str::to_owned));
        }
        assert_eq!(explained.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new(), "not of the tables");
        assert_eq!(all.difference(&explained).collect::<Vec<_>>(), Vec::<&String>::new(), "not explained");
        // A failed pipeline keeps its error until it is shut down.
        let again = ask(server, Method::GET, "/v0/pipelines/errbad?selector=status").await.json();
        assert_eq!(again["deployment_error"], failed["deployment_error"]);
    });
}
