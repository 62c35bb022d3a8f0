//! The streaming format of Apache Arrow.

use super::Encoder;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::Result;

pub(super) struct IpcEncoder {
    writer: StreamWriter<Vec<u8>>,
    ended: bool,
}

impl IpcEncoder {
    pub(super) fn new(schema: &SchemaRef) -> Result<IpcEncoder> {
        Ok(IpcEncoder { writer: StreamWriter::try_new(Vec::new(), schema)?, ended: false })
    }
}

impl Encoder for IpcEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        self.writer.finish()?;
        Ok(Some(std::mem::take(self.writer.get_mut())))
    }
}
