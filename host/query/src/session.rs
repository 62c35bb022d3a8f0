//! A DataFusion session that can reach one pipeline's relations and nothing else: no files, no object stores, no settings.

use crate::map_keys::MapKeys;
use crate::memory::QueryMemory;
use crate::provider::Relations;
use crate::scan::{SCANS_MAX, Scans};
use crate::source::{Relation, Source};
use datafusion::catalog::{CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::config::Dialect;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{DmlStatement, WriteOp};
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Statement as SqlStatement, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::ops::ControlFlow;
use std::sync::Arc;
use url::Url;

/// The catalog and the schema that queries need not name.
const CATALOG: &str = "weir";
const SCHEMA: &str = "public";
/// Tasks of one query at once: queries must not take the machine from steps.
const PARTITIONS: usize = 1;
/// Words and operators of a statement, at most; literals do not count.
const WORDS_MAX: usize = 4_000;
/// Operators of a statement, at most, whether signs or words. A chain of them is as deep a tree, and what is deep takes stack in
/// every pass over it, and time that grows with the square: planning a sum of 4,000 ones took two minutes in a debug build.
const OPERATORS_MAX: usize = 400;
/// Places of a statement that name a relation, at most: a list of them is a tree, too.
const MENTIONS_MAX: usize = 2 * SCANS_MAX;

/// A registry of object stores that has none.
#[derive(Debug)]
struct NoStores;

impl ObjectStoreRegistry for NoStores {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, _: &Url) -> Result<Arc<dyn ObjectStore>> {
        Err(DataFusionError::Plan("queries reach the pipeline's relations only".into()))
    }
}

/// A query that was understood.
pub(crate) struct Planned {
    /// Whether it changes something.
    pub(crate) writes: bool,
    state: SessionState,
    plan: Arc<dyn ExecutionPlan>,
    scans: Arc<Scans>,
}

/// Understands a statement.
///
/// # Errors
/// It is no SQL, not one that queries may use, or names what is not there.
pub(crate) async fn plan(
    sql: &str,
    relations: &[Arc<Relation>],
    source: &Arc<dyn Source>,
    memory: &Arc<QueryMemory>,
) -> Result<Planned> {
    let scans = Arc::new(Scans::default());
    let state = session(Arc::new(Relations::new(relations, source, &scans)), Arc::clone(memory))?;
    allow_length(sql)?;
    let statement = state.sql_to_statement(sql, &Dialect::Generic)?;
    allow_statement(&statement)?;
    let logical = state.statement_to_plan(statement).await?;
    logical.apply_with_subqueries(allow_node)?;
    let writes = logical.exists(|node| Ok(matches!(node, LogicalPlan::Dml(_))))?;
    let plan = state.create_physical_plan(&logical).await?;
    Ok(Planned { writes, state, plan, scans })
}

impl Planned {
    /// The columns of the result.
    pub(crate) fn schema(&self) -> arrow::datatypes::SchemaRef {
        self.plan.schema()
    }

    /// Opens all relations as of one step and begins to run.
    pub(crate) async fn run(self, source: &dyn Source) -> Result<SendableRecordBatchStream> {
        let recursive = self.plan.exists(|node| Ok(node.downcast_ref::<RecursiveQueryExec>().is_some()))?;
        self.scans.open(source, recursive).await?;
        datafusion::physical_plan::execute_stream(self.plan, self.state.task_ctx())
    }
}

fn session(relations: Arc<Relations>, memory: Arc<QueryMemory>) -> Result<SessionState> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(PARTITIONS);
    // Strings come out as plain strings, which every reader of Arrow and Parquet knows.
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(memory as Arc<dyn MemoryPool>)
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .with_object_store_registry(Arc::new(NoStores))
        .build_arc()?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, relations)?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    // All functions, but no table factories and no file formats.
    let table_functions = SessionStateDefaults::default_table_functions();
    // Asked in this order.
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(MapKeys)];
    planners.extend(SessionStateDefaults::default_expr_planners());
    Ok(SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_catalog_list(Arc::new(catalogs))
        .with_expr_planners(planners)
        .with_scalar_functions(SessionStateDefaults::default_scalar_functions())
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_functions(table_functions.into_iter().map(|f| (f.name().to_owned(), f)).collect())
        .build())
}

fn refused(what: &str) -> DataFusionError {
    DataFusionError::Plan(format!("{what} is not supported here: a query is SELECT or INSERT INTO"))
}

/// Refuses statements of too many words or operators.
fn allow_length(sql: &str) -> Result<()> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().map_err(ParserError::from)?;
    let (mut words, mut operators, mut after_separator) = (0, 0, true);
    for token in &tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::Number(..) | Token::SingleQuotedString(_) | Token::HexStringLiteral(_) => {}
            Token::LParen | Token::RParen | Token::Comma | Token::Period | Token::SemiColon => {}
            Token::Word(word) => {
                words += 1;
                operators += usize::from(is_operator(word.keyword));
            }
            // A sign.
            Token::Minus | Token::Plus if after_separator => {}
            _ => operators += 1,
        }
        after_separator = matches!(token, Token::LParen | Token::Comma);
    }
    for (count, of, max) in [(words, "words", WORDS_MAX), (operators, "operators", OPERATORS_MAX)] {
        if count > max {
            return Err(DataFusionError::Plan(format!("the statement has {count} {of}, and {max} are allowed")));
        }
    }
    Ok(())
}

/// Whether a word joins what stands before it with what follows.
fn is_operator(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(
        keyword,
        K::AND
            | K::OR
            | K::XOR
            | K::NOT
            | K::IS
            | K::NOTNULL
            | K::LIKE
            | K::ILIKE
            | K::SIMILAR
            | K::RLIKE
            | K::REGEXP
            | K::BETWEEN
            | K::IN
            | K::DIV
            | K::COLLATE
            | K::AT
            | K::UNION
            | K::INTERSECT
            | K::EXCEPT
            | K::MINUS
            | K::JOIN
            | K::OVERLAPS
            | K::OVERLAY
            | K::UNNEST
            | K::PIVOT
            | K::UNPIVOT
            | K::LATERAL
    )
}

/// Refuses every statement that neither reads nor inserts.
fn allow_statement(statement: &Statement) -> Result<()> {
    let Statement::Statement(statement) = statement else {
        return Err(refused("the statement"));
    };
    match &**statement {
        read_or_insert @ (SqlStatement::Query(_) | SqlStatement::Insert(_)) => {
            let mut mentions = 0;
            let _ = visit_relations(read_or_insert, |_| {
                mentions += 1;
                if mentions > MENTIONS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if mentions > MENTIONS_MAX {
                return Err(DataFusionError::Plan(format!("a query names relations in at most {MENTIONS_MAX} places")));
            }
            Ok(())
        }
        other => {
            let text = other.to_string();
            Err(refused(text.split_whitespace().next().unwrap_or("the statement")))
        }
    }
}

/// Refuses every part of a plan that does more than read or insert, wherever it stands.
fn allow_node(node: &LogicalPlan) -> Result<TreeNodeRecursion> {
    match node {
        LogicalPlan::Dml(DmlStatement { op: WriteOp::Insert(InsertOp::Append), .. }) => {}
        LogicalPlan::Dml(dml) => return Err(refused(&dml.op.to_string())),
        LogicalPlan::Ddl(ddl) => return Err(refused(ddl.name())),
        LogicalPlan::Statement(statement) => return Err(refused(statement.name())),
        LogicalPlan::Copy(_) => return Err(refused("COPY")),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => return Err(refused("EXPLAIN")),
        LogicalPlan::DescribeTable(_) => return Err(refused("DESCRIBE")),
        LogicalPlan::Extension(_) => return Err(refused("an extension")),
        _ => {}
    }
    Ok(TreeNodeRecursion::Continue)
}
