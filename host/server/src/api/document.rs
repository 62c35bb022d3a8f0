//! The OpenAPI document, made from the handlers.

use super::{public, v0, v0_streamed};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, InfoBuilder, License, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// The name that generated clients of this generation know the scheme by.
const SECURITY: &str = "JSON web token (JWT) or API key";

/// The document of the API.
pub fn document() -> OpenApi {
    let mut whole = OpenApi::default().nest("/v0", v0().into_openapi()).nest("/v0", v0_streamed().into_openapi());
    for item in whole.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.security = Some(vec![SecurityRequirement::new::<_, [String; 0], String>(SECURITY, [])]);
            let responses = &mut operation.responses.responses;
            responses.insert("401".into(), response("Nobody with this key or token is known."));
            responses.entry("403".into()).or_insert_with(|| error("The key is not for this: `InsufficientScope`."));
            let also = "Whether a token is valid cannot be told at the moment: `AuthenticationUnavailable`.";
            match responses.entry("503".into()).or_insert_with(|| error(also)) {
                RefOr::T(unavailable) if unavailable.description != also => {
                    unavailable.description = format!("{} {also}", unavailable.description);
                }
                _ => {}
            }
            let is_query = |p: &RefOr<Parameter>| matches!(p, RefOr::T(p) if p.parameter_in == ParameterIn::Query);
            let has_query = operation.parameters.iter().flatten().any(is_query);
            if operation.request_body.is_some() {
                responses.entry("408".into()).or_insert_with(|| text("The body comes too slowly."));
                responses.entry("413".into()).or_insert_with(|| text("The body is too large."));
            }
            // What cannot be read at all is answered with a text.
            if (has_query || operation.request_body.is_some())
                && let Some(RefOr::T(bad)) = responses.get_mut("400")
            {
                bad.content.extend(content());
            }
        }
    }
    let mut document = whole.merge_from(public::routes().into_openapi());
    document.info = InfoBuilder::new()
        .title("Weir")
        .version(crate::PLATFORM_VERSION)
        .description(Some("SQL over changing data: post a program, feed its tables, follow its views."))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build();
    document.tags = Some(
        [
            ("Pipeline management", "Make, read, change, delete, start and stop pipelines."),
            ("Pipeline interaction", "Feed, follow, query and watch pipelines that run."),
            ("Configuration", "What clients need to know of the server."),
            ("API keys", "Make, list and delete keys."),
            ("Metrics", "Figures of all pipelines."),
        ]
        .map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())
        .to_vec(),
    );
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A token of the identity provider, or a key made by `weir tenant create` or `POST /v0/api_keys`.",
        ))
        .build();
    document
        .components
        .get_or_insert_default()
        .security_schemes
        .insert(SECURITY.into(), SecurityScheme::Http(scheme).into());
    document
}

fn response(about: &str) -> RefOr<Response> {
    RefOr::T(ResponseBuilder::new().description(about).build())
}

/// An error in the API's form.
fn error(about: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name("ErrorResponse");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    RefOr::T(ResponseBuilder::new().description(about).content("application/json", content).build())
}

fn text(about: &str) -> RefOr<Response> {
    let mut response = ResponseBuilder::new().description(about).build();
    response.content.extend(content());
    RefOr::T(response)
}

/// A text.
fn content() -> [(String, RefOr<Content>); 1] {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    [("text/plain".into(), ContentBuilder::new().schema(Some(schema)).build().into())]
}
