//! Apache Parquet, compressed with Snappy, a row group at a time.

use super::Encoder;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// Bytes of a row group, about: it is held until it is whole.
const ROW_GROUP_BYTES: usize = 8 << 20;

pub(super) struct ParquetEncoder {
    writer: ArrowWriter<Vec<u8>>,
    reservation: MemoryReservation,
    ended: bool,
}

impl ParquetEncoder {
    pub(super) fn new(schema: &SchemaRef, reservation: MemoryReservation) -> Result<ParquetEncoder> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer =
            ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).map_err(ArrowError::from)?;
        Ok(ParquetEncoder { writer, reservation, ended: false })
    }
}

impl Encoder for ParquetEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch).map_err(ArrowError::from)?;
        if self.writer.in_progress_size() >= ROW_GROUP_BYTES {
            self.writer.flush().map_err(ArrowError::from)?;
        }
        self.reservation.try_resize(self.writer.memory_size())?;
        // The writer counts what it wrote by itself, so that what was taken away is not missed.
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        self.writer.finish().map_err(ArrowError::from)?;
        self.reservation.free();
        Ok(Some(std::mem::take(self.writer.inner_mut())))
    }
}
