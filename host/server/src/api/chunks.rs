//! Deltas as the chunks of a stream.

use crate::controller::{Controller, Delivery, FormatConfig, Receipt};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;
use weir_io::{
    JsonConfig, RECORDS_PER_CHUNK, SnowflakeStream, UpdateFormat, WriteError, events, write_csv, write_json,
    write_json_snowflake, write_json_weighted,
};

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
                // Unique enough among the streams of a destination, and a number that JSON readers keep exactly.
                let id = Uuid::new_v4().as_fields().0;
                Ok(Format::Snowflake(config, SnowflakeStream { id, next: 0 }))
            }
            UpdateFormat::Raw => Err("raw".into()),
            UpdateFormat::Debezium => Err("debezium".into()),
        }
    }

    /// As `/stats` shows it.
    pub(super) fn shown(&self) -> FormatConfig {
        match self {
            Format::Csv => FormatConfig { name: "csv", config: json!({}) },
            Format::Json(config) | Format::Weighted(config) | Format::Snowflake(config, _) => {
                FormatConfig { name: "json", config: serde_json::to_value(config).unwrap_or_default() }
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

/// Writes a delta as chunks; returns whether anybody still reads.
pub(super) fn encode(
    controller: &Controller,
    relation: usize,
    format: &mut Format,
    delivery: Delivery,
    to: &mpsc::Sender<Piece>,
) -> Result<bool, WriteError> {
    let relation = &controller.program().relations[relation];
    let (columns, layout) = (&relation.columns, &relation.layout);
    let Delivery { first_chunk: mut number, delta, receipt } = delivery;
    let mut receipt = Some(receipt);
    let mut send = |key: &str, data: Vec<u8>, records: usize, is_last: bool| {
        let mut bytes = format!("{{\"sequence_number\":{number},\"{key}\":").into_bytes();
        number += 1;
        bytes.extend_from_slice(&data);
        bytes.extend_from_slice(b"}\r\n");
        let receipt = if is_last { receipt.take() } else { None };
        to.blocking_send(Piece { bytes, records: records as u64, receipt }).is_ok()
    };
    match format {
        Format::Json(_) | Format::Snowflake(..) => {
            let mut rest = events(&delta)?.peekable();
            while rest.peek().is_some() {
                let mut records = 0;
                let some = rest.by_ref().take(RECORDS_PER_CHUNK).inspect(|_| records += 1);
                let mut data = vec![b'['];
                match format {
                    Format::Snowflake(_, stream) => write_json_snowflake(columns, layout, some, stream, &mut data)?,
                    _ => write_json(columns, layout, some, &mut data)?,
                }
                data.push(b']');
                if !send("json_data", data, records, rest.peek().is_none()) {
                    return Ok(false);
                }
            }
        }
        Format::Csv | Format::Weighted(_) => {
            let mut rest = delta.iter().flat_map(|b| b.iter()).peekable();
            while rest.peek().is_some() {
                let mut records = 0;
                let some = rest.by_ref().take(RECORDS_PER_CHUNK).inspect(|_| records += 1);
                let mut data = Vec::new();
                let key = match format {
                    Format::Csv => {
                        let mut text = Vec::new();
                        write_csv(columns, layout, some, &mut text)?;
                        // CSV is made of texts that were strings, so it is one.
                        data = serde_json::to_vec(&String::from_utf8_lossy(&text)).unwrap_or_default();
                        "text_data"
                    }
                    _ => {
                        data.push(b'[');
                        write_json_weighted(columns, layout, some, &mut data)?;
                        data.push(b']');
                        "json_data"
                    }
                };
                if !send(key, data, records, rest.peek().is_none()) {
                    return Ok(false);
                }
            }
        }
    }
    // Nothing was left to send.
    if let Some(receipt) = receipt {
        receipt.sign();
    }
    Ok(true)
}
