//! Deltas as the chunks of a stream.

use crate::controller::{Controller, Counting, Delivery, Delta, Receipt};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;
use weir_connectors::FormatSpec;
use weir_io::{
    DeltaCursor, JsonConfig, JsonFlavor, RECORDS_PER_CHUNK, SnowflakeStream, UpdateFormat, WriteError, check_weights,
    write_csv, write_json, write_json_snowflake, write_json_weighted,
};
use weir_row::Block;

/// How records look.
#[derive(Clone, Copy)]
pub(super) enum Format {
    /// Lines whose last column is the weight.
    Csv,
    /// `{"insert": row}` and `{"delete": row}`.
    Json(JsonConfig),
    /// `{"weight": n, "data": row}`.
    Weighted(JsonConfig),
    /// Rows with what Snowflake's loader asks for.
    Snowflake(JsonConfig, SnowflakeStream),
}

impl Format {
    /// The format of a configuration; `Err`: the name of an update format that goes the other way only.
    pub(super) fn json(mut config: JsonConfig) -> Result<Format, String> {
        // Events always come in arrays.
        config.array = true;
        match config.update_format {
            UpdateFormat::InsertDelete => Ok(Format::Json(config)),
            UpdateFormat::Weighted => Ok(Format::Weighted(config)),
            UpdateFormat::Snowflake => {
                if config.json_flavor == JsonFlavor::Default {
                    config.json_flavor = JsonFlavor::Snowflake;
                }
                // Unique enough among the streams of a destination, and a number that JSON readers keep exactly.
                let id = Uuid::new_v4().as_fields().0;
                Ok(Format::Snowflake(config, SnowflakeStream { id, next: 0 }))
            }
            UpdateFormat::Raw => Err("raw".into()),
            UpdateFormat::Debezium => Err("debezium".into()),
        }
    }

    /// What a record is.
    pub(super) fn counting(&self) -> Counting {
        match self {
            Format::Csv | Format::Weighted(_) => Counting::Rows,
            Format::Json(_) | Format::Snowflake(..) => Counting::Copies,
        }
    }

    /// As `/stats` shows it.
    pub(super) fn shown(&self) -> FormatSpec {
        match self {
            Format::Csv => FormatSpec { name: "csv".into(), config: json!({}) },
            Format::Json(config) | Format::Weighted(config) | Format::Snowflake(config, _) => {
                FormatSpec { name: "json".into(), config: serde_json::to_value(config).unwrap_or_default() }
            }
        }
    }
}

/// A chunk on its way to the connection.
pub(super) struct Piece {
    /// The chunk.
    pub(super) bytes: Vec<u8>,
    /// Records in it.
    pub(super) records: u64,
    /// With the last chunk of a step.
    pub(super) receipt: Option<Receipt>,
}

/// A delivery that is being written, chunk by chunk.
pub(super) struct Encoder {
    controller: Arc<Controller>,
    relation: usize,
    format: Format,
    delta: Delta,
    cursor: DeltaCursor,
    number: u64,
    receipt: Option<Receipt>,
}

impl Encoder {
    /// Begins with a delivery.
    ///
    /// # Errors
    /// A row that would be too many records.
    pub(super) fn new(
        controller: &Arc<Controller>,
        relation: usize,
        format: Format,
        delivery: Delivery,
    ) -> Result<Encoder, WriteError> {
        let Delivery { first_chunk: number, delta, receipt } = delivery;
        if format.counting() == Counting::Copies {
            check_weights(&delta)?;
        }
        let (controller, cursor) = (Arc::clone(controller), DeltaCursor::default());
        Ok(Encoder { controller, relation, format, delta, cursor, number, receipt: Some(receipt) })
    }

    /// The format, as it is to be for the next delivery.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The rows of the delivery.
    pub(super) fn rows(&self) -> usize {
        self.delta.iter().map(Block::len).sum()
    }

    /// The next chunk, `None` after the last one.
    ///
    /// # Errors
    /// A row that does not have the layout.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Piece>, WriteError> {
        let relation = &self.controller.program().relations[self.relation];
        let (columns, layout) = (&relation.columns, &relation.layout);
        let mut data = vec![b'['];
        let (key, records) = match &mut self.format {
            Format::Json(config) => {
                let events = self.cursor.next_events(&self.delta, RECORDS_PER_CHUNK);
                write_json(columns, layout, config.json_flavor, events.iter().copied(), &mut data)?;
                ("json_data", events.len())
            }
            Format::Snowflake(config, stream) => {
                let events = self.cursor.next_events(&self.delta, RECORDS_PER_CHUNK);
                write_json_snowflake(columns, layout, config.json_flavor, events.iter().copied(), stream, &mut data)?;
                ("json_data", events.len())
            }
            Format::Weighted(config) => {
                let rows = self.cursor.next_rows(&self.delta, RECORDS_PER_CHUNK);
                write_json_weighted(columns, layout, config.json_flavor, rows.iter().copied(), &mut data)?;
                ("json_data", rows.len())
            }
            Format::Csv => {
                let rows = self.cursor.next_rows(&self.delta, RECORDS_PER_CHUNK);
                let mut text = Vec::new();
                write_csv(columns, layout, rows.iter().copied(), &mut text)?;
                // CSV is made of texts that were strings, so it is one.
                data = serde_json::to_vec(&String::from_utf8_lossy(&text)).unwrap_or_default();
                ("text_data", rows.len())
            }
        };
        if records == 0 {
            // A delivery without a row, or its end.
            if let Some(receipt) = self.receipt.take() {
                receipt.sign();
            }
            return Ok(None);
        }
        if key == "json_data" {
            data.push(b']');
        }
        let mut bytes = format!("{{\"sequence_number\":{},\"{key}\":", self.number).into_bytes();
        bytes.extend_from_slice(&data);
        bytes.extend_from_slice(b"}\r\n");
        self.number += 1;
        // Rows are read once more at the end of a chunk only.
        let mut ahead = self.cursor;
        let is_last = match self.format {
            Format::Json(_) | Format::Snowflake(..) => ahead.next_events(&self.delta, 1).is_empty(),
            Format::Weighted(_) | Format::Csv => ahead.next_rows(&self.delta, 1).is_empty(),
        };
        let receipt = if is_last { self.receipt.take() } else { None };
        Ok(Some(Piece { bytes, records: records as u64, receipt }))
    }
}
