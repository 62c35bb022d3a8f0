//! An object per line, NULLs as `null`.

use super::Encoder;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderFactory, EncoderOptions, LineDelimited, NullableEncoder, make_encoder};
use arrow::json::{Encoder as ArrowEncoder, WriterBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use std::sync::Arc;

pub(super) struct JsonEncoder;

impl Encoder for JsonEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let builder = WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(AnyKeys));
        let mut writer = builder.build::<_, LineDelimited>(Vec::new());
        writer.write(batch)?;
        writer.finish()?;
        Ok(writer.into_inner())
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Writes maps whose keys are no texts, which Arrow does not: their keys as their text.
#[derive(Debug)]
struct AnyKeys;

/// How keys look.
const KEYS: FormatOptions<'static> = FormatOptions::new();

impl EncoderFactory for AnyKeys {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let Some(map) = array.as_map_opt() else { return Ok(None) };
        if matches!(map.key_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
            return Ok(None);
        }
        let encoder = MapEncoder {
            offsets: map.offsets().clone(),
            keys: ArrayFormatter::try_new(map.keys(), &KEYS)?,
            values: make_encoder(field, map.values(), options)?,
        };
        Ok(Some(NullableEncoder::new(Box::new(encoder), map.nulls().cloned())))
    }
}

/// Maps as objects.
struct MapEncoder<'a> {
    offsets: OffsetBuffer<i32>,
    keys: ArrayFormatter<'a>,
    values: NullableEncoder<'a>,
}

impl ArrowEncoder for MapEncoder<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        // Offsets are never negative.
        let (from, to) = (self.offsets[row] as usize, self.offsets[row + 1] as usize);
        out.push(b'{');
        for i in from..to {
            if i > from {
                out.push(b',');
            }
            // Writing to a vector does not fail, and a string is always JSON.
            let _ = serde_json::to_writer(&mut *out, &self.keys.value(i).to_string());
            out.push(b':');
            if self.values.is_null(i) {
                out.extend_from_slice(b"null");
            } else {
                self.values.encode(i, out);
            }
        }
        out.push(b'}');
    }
}
