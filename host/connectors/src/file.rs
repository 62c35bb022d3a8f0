//! `file_input` and `file_output`: files in the folders that the operator grants.
//!
//! A file that is followed is read on as it grows; one that became shorter has been begun anew.

use crate::{
    Chunk, ConfigError, Grants, GrantsError, Position, Sink, Source, Table, TransportError, View, stream, transports,
};
use async_trait::async_trait;
use bytes::BytesMut;
use cap_std::fs::OpenOptions;
use serde::Deserialize;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use weir_io::Piece;

/// Bytes read at once, unless the connector says otherwise.
const BUFFER_BYTES: usize = 256 << 10;
/// The most that it may say.
const BUFFER_BYTES_MAX: usize = 16 << 20;
/// How often a followed file is looked at.
const FOLLOW: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputConfig {
    path: String,
    buffer_size_bytes: Option<usize>,
    // As the specification spells it.
    buffer_size_byte: Option<usize>,
    #[serde(default)]
    follow: bool,
}

pub(crate) fn source(config: &str, _table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: InputConfig = transports::parse(config)?;
    let buffer = config.buffer_size_bytes.or(config.buffer_size_byte).unwrap_or(BUFFER_BYTES);
    if !(1..=BUFFER_BYTES_MAX).contains(&buffer) {
        return Err(ConfigError::new(format!("'buffer_size_bytes' is from 1 to {BUFFER_BYTES_MAX}, not {buffer}")));
    }
    Ok(Box::new(FileSource { path: config.path, buffer, follow: config.follow, file: None, offset: 0, ended: false }))
}

fn refused(e: GrantsError) -> TransportError {
    match e {
        GrantsError::Io { path, error } => TransportError::io(&format!("'{path}'"), &error),
        other => TransportError::Fatal(other.to_string()),
    }
}

struct FileSource {
    path: String,
    buffer: usize,
    follow: bool,
    file: Option<File>,
    /// Bytes read.
    offset: u64,
    ended: bool,
}

impl FileSource {
    fn error(&self, e: &std::io::Error) -> TransportError {
        TransportError::io(&format!("reading '{}'", self.path), e)
    }

    fn file(&mut self) -> Result<&mut File, TransportError> {
        self.file.as_mut().ok_or_else(|| TransportError::Fatal("the file is not open".into()))
    }

    /// Whether the file is shorter than what was read of it.
    async fn was_cut(&mut self) -> Result<bool, TransportError> {
        let offset = self.offset;
        match self.file()?.metadata().await {
            Ok(metadata) => Ok(metadata.len() < offset),
            Err(e) => Err(self.error(&e)),
        }
    }
}

#[async_trait]
impl Source for FileSource {
    async fn open(&mut self, at: Option<&Position>, grants: &Grants) -> Result<(), TransportError> {
        let mut options = OpenOptions::new();
        options.read(true);
        let file = grants.open(&self.path, &options).map_err(refused)?;
        let mut file = File::from_std(file.into_std());
        self.offset = stream::offset(at)?;
        if self.offset > 0 {
            file.seek(SeekFrom::Start(self.offset)).await.map_err(|e| self.error(&e))?;
        }
        (self.file, self.ended) = (Some(file), false);
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        loop {
            if self.ended {
                return Ok(Chunk::End);
            }
            let mut bytes = BytesMut::with_capacity(self.buffer);
            let read = self.file()?.read_buf(&mut bytes).await;
            let read = read.map_err(|e| self.error(&e))?;
            if read > 0 {
                self.offset += read as u64;
                return Ok(Chunk::Bytes(bytes.freeze()));
            }
            if !self.follow {
                self.ended = true;
                return Ok(Chunk::EndOfStream);
            }
            if self.was_cut().await? {
                let begun = self.file()?.seek(SeekFrom::Start(0)).await;
                begun.map_err(|e| self.error(&e))?;
                self.offset = 0;
                return Ok(Chunk::EndOfStream);
            }
            tokio::time::sleep(FOLLOW).await;
        }
    }

    fn position(&self, unread_bytes: u64) -> Option<Position> {
        Some(stream::at(self.offset.saturating_sub(unread_bytes)))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputConfig {
    path: String,
}

pub(crate) fn sink(config: &str, view: &View) -> Result<Box<dyn Sink>, ConfigError> {
    let OutputConfig { path } = transports::parse(config)?;
    if view.format.as_deref() == Some("parquet") {
        return Err(ConfigError::new(
            "a Parquet file cannot be appended to, so there would be no place for the second step's changes",
        )
        .with_hint("write csv or json"));
    }
    if view.format.as_deref() == Some("avro") {
        return Err(ConfigError::new("messages of Avro's one behind the other have nothing that tells them apart")
            .with_hint("write csv or json"));
    }
    Ok(Box::new(FileSink { path, file: None, written: 0, flushed: 0, is_begun: false }))
}

struct FileSink {
    path: String,
    file: Option<File>,
    written: u64,
    /// Bytes that stay, come what may.
    flushed: u64,
    is_begun: bool,
}

impl FileSink {
    fn error(&self, e: &std::io::Error) -> TransportError {
        TransportError::io(&format!("writing '{}'", self.path), e)
    }

    fn file(&mut self) -> Result<&mut File, TransportError> {
        self.file.as_mut().ok_or_else(|| TransportError::Fatal("the file is not open".into()))
    }
}

#[async_trait]
impl Sink for FileSink {
    async fn open(&mut self, grants: &Grants) -> Result<(), TransportError> {
        let mut options = OpenOptions::new();
        // What an earlier pipeline left there goes; what this one wrote does not.
        options.write(true).create(true).truncate(!self.is_begun);
        let mut file = File::from_std(grants.open(&self.path, &options).map_err(refused)?.into_std());
        if self.is_begun {
            file.set_len(self.flushed).await.map_err(|e| self.error(&e))?;
            file.seek(SeekFrom::Start(self.flushed)).await.map_err(|e| self.error(&e))?;
        }
        (self.file, self.is_begun, self.written) = (Some(file), true, self.flushed);
        Ok(())
    }

    async fn write(&mut self, piece: Piece) -> Result<(), TransportError> {
        let Some(bytes) = piece.value else { return Ok(()) };
        let wrote = self.file()?.write_all(&bytes).await;
        wrote.map_err(|e| self.error(&e))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        let flushed = self.file()?.flush().await;
        flushed.map_err(|e| self.error(&e))?;
        self.flushed = self.written;
        Ok(())
    }
}
