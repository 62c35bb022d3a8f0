//! The connectors that a program declares: each with its name and all its defaults, or what is wrong with it and where in the program.

use crate::controller::EndpointConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_connectors::{Declared, Problem, Table, View, declared_input, declared_output};
use weir_io::TableColumns;
use weir_sql::{Diagnostic, Program, Property, Relation};

/// The API's `error_type` of what is wrong with a connector.
pub(crate) const ERROR_KIND: &str = "ConnectorGenerationError";

/// The connectors of a program by their full names, `relation.connector`.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeclaredConnectors {
    /// Those of tables.
    pub(crate) inputs: BTreeMap<String, EndpointConfig>,
    /// Those of views.
    pub(crate) outputs: BTreeMap<String, EndpointConfig>,
}

/// Reads the `connectors` of all relations.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn declared(program: &Program, source: &str) -> Result<DeclaredConnectors, Vec<Diagnostic>> {
    let mut found = DeclaredConnectors::default();
    let (mut problems, mut waiting) = (Vec::new(), Vec::new());
    for (relation, table) in program.tables.iter().zip(&program.circuit.tables) {
        let Some(property) = connectors(relation) else { continue };
        let columns = Arc::new(TableColumns::new(table));
        let table = Table { name: relation.name.clone(), columns };
        match declared_input(&property.value, &table) {
            Ok(list) => {
                for connector in list {
                    waiting.extend(connector.config.start_after.is_some().then(|| (property, connector.clone())));
                    let (name, config) = endpoint(relation, connector);
                    found.inputs.insert(name, config);
                }
            }
            Err(wrong) => problems.extend(wrong.into_iter().map(|p| diagnostic(source, property, p))),
        }
    }
    for relation in &program.views {
        let Some(property) = connectors(relation) else { continue };
        // What a view is put out as is what the circuit says: columns that are not needed are left out of neither.
        let columns = program.circuit.views.iter().find(|v| v.name == relation.name).map(|v| v.columns.clone());
        let view =
            View { name: relation.name.clone(), columns: columns.unwrap_or_default().into(), key: None, format: None };
        let index = |name: &str| {
            let found = relation.indexes.iter().find(|i| i.name == name);
            found.map(|i| i.columns.clone())
        };
        match declared_output(&property.value, &view, &index) {
            Ok(list) => found.outputs.extend(list.into_iter().map(|connector| endpoint(relation, connector))),
            Err(wrong) => problems.extend(wrong.into_iter().map(|p| diagnostic(source, property, p))),
        }
    }
    for (property, connector) in &waiting {
        if let Err(message) = may_begin(connector, &found.inputs) {
            let problem = Problem { offset: connector.place.0, length: connector.place.1, message, hint: None };
            problems.push(diagnostic(source, property, problem));
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn connectors(relation: &Relation) -> Option<&Property> {
    relation.properties.iter().find(|p| p.key == "connectors")
}

fn endpoint(relation: &Relation, connector: Declared) -> (String, EndpointConfig) {
    let name = format!("{}.{}", relation.name, connector.name);
    (name, EndpointConfig { stream: relation.name.clone(), connector: connector.config })
}

fn diagnostic(source: &str, property: &Property, problem: Problem) -> Diagnostic {
    let place = property.value_position.of_part(source, problem.offset, problem.length);
    let diagnostic = Diagnostic::error(source, place, ERROR_KIND, problem.message);
    match problem.hint {
        Some(hint) => diagnostic.with_hint(hint),
        None => diagnostic,
    }
}

/// Whether a connector that waits for others will ever begin: all labels that it names are there, and none of those waits for it.
fn may_begin(connector: &Declared, all: &BTreeMap<String, EndpointConfig>) -> Result<(), String> {
    let labelled = |label: &str| -> Vec<&EndpointConfig> {
        all.values().filter(|c| c.connector.labels.iter().any(|l| l == label)).collect()
    };
    let mut labels: Vec<&str> = connector.config.start_after.iter().flatten().map(String::as_str).collect();
    if let Some(unknown) = labels.iter().find(|l| labelled(l).is_empty()) {
        return Err(format!(
            "connector '{}' starts after '{unknown}', and no connector has that label",
            connector.name
        ));
    }
    let mut seen = BTreeSet::new();
    while let Some(label) = labels.pop() {
        if connector.config.labels.iter().any(|own| own == label) {
            return Err(format!("connector '{}' would wait for itself: it starts after '{label}'", connector.name));
        }
        if seen.insert(label) {
            labels.extend(
                labelled(label).into_iter().flat_map(|c| c.connector.start_after.iter().flatten()).map(String::as_str),
            );
        }
    }
    Ok(())
}
