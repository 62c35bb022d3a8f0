//! `map[key]` with a key of another type than the map's: 7 is a BIGINT to DataFusion, which finds it in no map of INTs.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{ExprSchemable, GetFieldAccess, cast};

/// Converts keys to the type of the map's, and leaves the rest to the planners that follow.
#[derive(Debug)]
pub(crate) struct MapKeys;

impl ExprPlanner for MapKeys {
    fn plan_field_access(
        &self,
        access: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let RawFieldAccessExpr { expr, field_access } = access;
        let field_access = match field_access {
            GetFieldAccess::ListIndex { key } => {
                let (is, of) = (key.get_type(schema)?, key_type(&expr.get_type(schema)?));
                // 1.5 is no whole number, so that it must not become one.
                match of.filter(|of| is != *of && (is.is_integer() || !of.is_integer())) {
                    Some(of) => GetFieldAccess::ListIndex { key: Box::new(cast(*key, of)) },
                    None => GetFieldAccess::ListIndex { key },
                }
            }
            other => other,
        };
        Ok(PlannerResult::Original(RawFieldAccessExpr { expr, field_access }))
    }
}

/// The type of a map's keys.
fn key_type(of: &DataType) -> Option<DataType> {
    let DataType::Map(entries, _) = of else { return None };
    let DataType::Struct(fields) = entries.data_type() else { return None };
    fields.first().map(|key| key.data_type().clone())
}
