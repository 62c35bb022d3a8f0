//! Our OpenAPI document against the reference schema of generation 0.36 (its facts, without its texts). Both are taken apart
//! into lines, one for each parameter, status, field; every line that is in one of them only must be explained below.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const REFERENCE: &str = include_str!("openapi/reference-0.36.json");

/// Lines that start with the first text and contain the second may differ, for the reason given. A reason that explains nothing
/// is an error, so that the list stays true.
const MISSING: &[(&str, &str, &str)] = &[
    ("", " response 410 ", "a pipeline that does not run is 400, as the reference's code has it"),
    ("", "_connectors.*.", "connectors have no model of their own yet: they come with the data plane"),
    ("GET /config/authentication ", ".AwsCognito", "one provider of another kind: any that speaks OpenID Connect"),
    ("GET /config/authentication ", ".GoogleIdentity", "the same"),
    ("GET /v0/api_keys/{api_key_name} ", "response 200", "an array of one, as the reference's code has it"),
    ("", "deployment_error.details: object", "details are an object, a text or null, depending on the code"),
    ("GET /v0/pipelines response 500", ".details: object", "the same"),
    ("GET /v0/pipelines/{pipeline_name}/query ", "query format: string", "it may be left out: text"),
    (
        "GET /v0/pipelines/{pipeline_name}/query ",
        "response 500",
        "what fails after the first byte is told in the stream",
    ),
    ("POST /v0/pipelines/{pipeline_name}/egress/", "query format: string", "it may be left out: csv"),
    ("POST /v0/pipelines/{pipeline_name}/egress/", ".json_data: object", "the data are an array of events"),
    ("POST /v0/pipelines/{pipeline_name}/ingress/", "query format: string", "it may be left out: csv"),
    ("POST /v0/pipelines/{pipeline_name}/ingress/", "query force: boolean", "it may be left out: false"),
];
const ADDED: &[(&str, &str, &str)] = &[
    ("", " response 401 ", "said once for all: nobody with this key or token is known"),
    ("", " response 413 ", "said: a body that is too large"),
    ("", " response 400 ", "said: what cannot be read, and pipelines that do not run"),
    ("", " response 429 ", "said: too many at once"),
    ("", " response 503 ", "said: a pipeline that is ending, a token that cannot be told valid or not at the moment"),
    ("", " response 408 ", "said: a body that comes too slowly"),
    ("", " response 403 ", "said: a key that is not for this"),
    ("GET /v0/metrics ", " response 500 ", "said: the catalog failed"),
    ("GET /v0/api_keys/{api_key_name} ", "response 200", "an array of one, as the reference's code has it"),
    ("POST /v0/api_keys ", ".scopes", "a key may be made that only reads"),
    ("", "deployment_error.details: ", "details are an object, a text or null, depending on the code"),
    ("GET /v0/pipelines response 500", ".details: ", "the same"),
    ("GET /v0/pipelines/{pipeline_name}/query ", "query format", "it may be left out, or be arrow_ipc"),
    ("GET /v0/pipelines/{pipeline_name}/query ", "response 200", "a body for each format"),
    ("POST /v0/pipelines/{pipeline_name}/egress/", ".json_data", "the data are an array of events"),
    ("POST /v0/pipelines/{pipeline_name}/egress/", "query ", "parameters that the reference's code reads, too"),
    ("POST /v0/pipelines/{pipeline_name}/ingress/", "query ", "parameters that the reference's code reads, too"),
];

#[test]
fn the_document_is_the_references_but_for_what_is_explained() {
    let reference = lines(&serde_json::from_str(REFERENCE).expect("the reference is JSON"));
    let ours = lines(&serde_json::to_value(weir_server::api::document()).expect("a document is JSON"));
    assert!(reference.len() > 500, "the reference was read");
    let mut problems = Vec::new();
    for (side, explained, only) in [
        ("missing", MISSING, reference.difference(&ours).collect::<Vec<_>>()),
        ("added", ADDED, ours.difference(&reference).collect::<Vec<_>>()),
    ] {
        let mut used = BTreeSet::new();
        for line in only {
            let reason = explained.iter().position(|(from, with, _)| line.starts_with(from) && line.contains(with));
            match reason {
                Some(i) => drop(used.insert(i)),
                None => problems.push(format!("{side}: {line}")),
            }
        }
        for (i, (from, with, _)) in explained.iter().enumerate() {
            if !used.contains(&i) {
                problems.push(format!("{side}: '{from}' '{with}' explains nothing"));
            }
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}

/// All that a document says of its operations, a fact a line.
fn lines(document: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let call = format!("{} {path}", method.to_uppercase());
            all.insert(format!("{call} is {}", operation["operationId"].as_str().unwrap_or("")));
            all.insert(format!("{call} tag {}", operation["tags"][0].as_str().unwrap_or("")));
            all.insert(format!("{call} security {}", operation["security"]));
            for p in operation["parameters"].as_array().into_iter().flatten() {
                let place = format!("{call} {} {}", p["in"].as_str().unwrap_or(""), p["name"].as_str().unwrap_or(""));
                let optional = p["required"] != true;
                Walk { document, all: &mut all, depth: 0 }.schema(&place, &p["schema"], optional);
            }
            contents(document, &mut all, &format!("{call} request"), &operation["requestBody"]);
            for (status, response) in operation["responses"].as_object().expect("responses") {
                all.insert(format!("{call} response {status} "));
                contents(document, &mut all, &format!("{call} response {status}"), response);
            }
        }
    }
    all
}

fn contents(document: &Value, all: &mut BTreeSet<String>, place: &str, body: &Value) {
    for (kind, content) in body["content"].as_object().into_iter().flatten() {
        // Errors have all the same form; it is looked at once.
        let is_error = content["schema"]["$ref"].as_str().is_some_and(|r| r.ends_with("/ErrorResponse"));
        if is_error && place != "GET /v0/pipelines response 500" {
            all.insert(format!("{place} {kind} ErrorResponse"));
        } else {
            Walk { document, all, depth: 0 }.schema(&format!("{place} {kind} "), &content["schema"], false);
        }
    }
}

struct Walk<'a> {
    document: &'a Value,
    all: &'a mut BTreeSet<String>,
    depth: usize,
}

impl Walk<'_> {
    /// Adds a schema: its type, and its parts.
    fn schema(&mut self, place: &str, schema: &Value, optional: bool) {
        let mut flat = Flat::default();
        flat.add(self.document, schema);
        let null = if optional || flat.nullable { "?" } else { "" };
        let types: Vec<&str> = flat.types.iter().map(String::as_str).collect();
        self.all.insert(format!("{place}: {}{null}", types.join("|")));
        for value in &flat.values {
            self.all.insert(format!("{place} may be {value}"));
        }
        if self.depth > 6 {
            return;
        }
        self.depth += 1;
        for (name, part) in &flat.properties {
            // What is left out and what is null are one here: models write both, readers take both.
            let optional = !flat.required.contains(name);
            self.schema(&format!("{place}.{name}"), part, optional);
        }
        if let Some(items) = &flat.items {
            self.schema(&format!("{place}[]"), items, false);
        }
        if let Some(values) = &flat.additional {
            self.schema(&format!("{place}.*"), values, false);
        }
        self.depth -= 1;
    }
}

/// A schema without references, `allOf`, `oneOf` and ways to say null.
#[derive(Default)]
struct Flat {
    types: BTreeSet<String>,
    values: BTreeSet<String>,
    nullable: bool,
    properties: BTreeMap<String, Value>,
    required: BTreeSet<String>,
    items: Option<Value>,
    additional: Option<Value>,
}

impl Flat {
    fn add(&mut self, document: &Value, schema: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name");
            return self.add(document, &document["components"]["schemas"][name]);
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                self.add(document, part);
            }
        }
        self.nullable |= schema["nullable"] == true;
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        for t in types {
            if t == "null" {
                self.nullable = true;
            } else {
                self.types.insert(t.to_owned());
            }
        }
        self.values.extend(schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from));
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            self.properties.insert(name.clone(), part.clone());
        }
        self.required
            .extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from));
        if schema["items"].is_object() {
            self.items = Some(schema["items"].clone());
        }
        if schema["additionalProperties"].is_object() {
            self.additional = Some(schema["additionalProperties"].clone());
        }
    }
}
