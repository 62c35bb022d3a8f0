//! A pipeline's relations as DataFusion sees them.

use crate::insert::Insert;
use crate::scan::Scans;
use crate::source::{Relation, Source};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, Session, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::sink::DataSinkExec;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;
use std::collections::HashMap;
use std::sync::Arc;
use weir_circuit::Column;
use weir_functions::forms;
use weir_io::arrow::{array_of_item, arrow_schema, arrow_type};
use weir_row::{Item, SqlType, Value};

/// All that one query can name.
#[derive(Debug)]
pub(crate) struct Relations {
    by_name: HashMap<String, Arc<RelationProvider>>,
}

impl Relations {
    /// The relations of a pipeline for one query, whose scans are noted in `scans`.
    pub(crate) fn new(relations: &[Arc<Relation>], source: &Arc<dyn Source>, scans: &Arc<Scans>) -> Relations {
        let provider = |(number, relation): (usize, &Arc<Relation>)| {
            let provider = RelationProvider {
                number,
                relation: Arc::clone(relation),
                schema: arrow_schema(&relation.columns),
                defaults: relation.columns.iter().filter_map(default_of).collect(),
                source: Arc::clone(source),
                scans: Arc::clone(scans),
            };
            (relation.name.clone(), Arc::new(provider))
        };
        Relations { by_name: relations.iter().enumerate().map(provider).collect() }
    }
}

#[async_trait]
impl SchemaProvider for Relations {
    fn table_names(&self) -> Vec<String> {
        self.by_name.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.by_name.get(name).map(|r| Arc::clone(r) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }
}

/// One relation.
#[derive(Debug)]
struct RelationProvider {
    number: usize,
    relation: Arc<Relation>,
    schema: SchemaRef,
    /// What an INSERT without the column puts there.
    defaults: HashMap<String, Expr>,
    source: Arc<dyn Source>,
    scans: Arc<Scans>,
}

#[async_trait]
impl TableProvider for RelationProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        if self.relation.table.is_some() { TableType::Base } else { TableType::View }
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.defaults.get(column)
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = self.scans.add(self.number, Arc::clone(&self.relation), projection.map(Vec::as_slice))?;
        let schema = Arc::clone(datafusion::physical_plan::streaming::PartitionStream::schema(&*scan));
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![scan], None, None, false, limit)?))
    }

    async fn insert_into(
        &self,
        _: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let name = &self.relation.name;
        if operation != InsertOp::Append {
            return Err(DataFusionError::Plan(format!("'{name}': only INSERT INTO is there, not {operation}")));
        }
        let Some((table, columns)) = &self.relation.table else {
            return Err(DataFusionError::Plan(format!("'{name}' is a view, and rows are inserted into tables only")));
        };
        let insert = Insert::new(name, *table, Arc::clone(columns), &self.schema, Arc::clone(&self.source));
        Ok(Arc::new(DataSinkExec::new(input, Arc::new(insert), None)))
    }
}

/// A column's default as an expression.
fn default_of(column: &Column) -> Option<(String, Expr)> {
    let value = scalar(column.default.as_ref()?.without_metadata(), &column.ty.sql)?;
    Some((column.name.clone(), Expr::Literal(value, None)))
}

/// A value as DataFusion's.
fn scalar(value: &Value, sql: &SqlType) -> Option<ScalarValue> {
    Some(match value {
        Value::Null => ScalarValue::try_from(&arrow_type(sql)).ok()?,
        Value::Bool(v) => ScalarValue::Boolean(Some(*v)),
        Value::I8(v) => ScalarValue::Int8(Some(*v)),
        Value::I16(v) => ScalarValue::Int16(Some(*v)),
        Value::I32(v) => ScalarValue::Int32(Some(*v)),
        Value::I64(v) => ScalarValue::Int64(Some(*v)),
        Value::U8(v) => ScalarValue::UInt8(Some(*v)),
        Value::U16(v) => ScalarValue::UInt16(Some(*v)),
        Value::U32(v) => ScalarValue::UInt32(Some(*v)),
        Value::U64(v) => ScalarValue::UInt64(Some(*v)),
        Value::Dec(v) => {
            let SqlType::Decimal { precision, scale } = sql else { return None };
            ScalarValue::Decimal128(Some(*v), *precision, *scale as i8)
        }
        Value::F32(v) => ScalarValue::Float32(Some(*v)),
        Value::F64(v) => ScalarValue::Float64(Some(*v)),
        Value::Text(v) => ScalarValue::Utf8(Some(v.to_string())),
        Value::Date(v) => ScalarValue::Date32(Some(*v)),
        Value::Time(v) => ScalarValue::Time64Nanosecond(Some(*v)),
        Value::Ts(v) => ScalarValue::TimestampMicrosecond(Some(*v), None),
        Value::Tz(v) => ScalarValue::TimestampMicrosecond(Some(*v), Some("+00:00".into())),
        Value::Uuid(v) => ScalarValue::Utf8(Some(forms::uuid(*v))),
        Value::Bytes(v) => ScalarValue::Binary(Some(v.to_vec())),
        Value::Item(v) => ScalarValue::try_from_array(&array_of_item(sql, Item::new(v))?, 0).ok()?,
        Value::Months(v) => ScalarValue::IntervalYearMonth(Some(*v)),
        Value::Micros(v) => ScalarValue::DurationMicrosecond(Some(*v)),
    })
}
