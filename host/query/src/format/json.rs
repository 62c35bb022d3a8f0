//! An object per line, NULLs as `null`.

use super::Encoder;
use arrow::array::RecordBatch;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use datafusion::common::Result;

pub(super) struct JsonEncoder;

impl Encoder for JsonEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        writer.write(batch)?;
        writer.finish()?;
        Ok(writer.into_inner())
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}
