//! A table drawn with characters.

use super::Encoder;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::collections::VecDeque;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Characters of a cell; what is longer is cut and ends in [`CUT`].
const CELL_CHARS_MAX: usize = 64;
const CUT: &str = "...";
/// Bytes of a chunk, about.
const CHUNK_BYTES: usize = 256 << 10;

/// Holds the cells of the result until all are known, booked in the pipeline's memory.
pub(super) struct TextEncoder {
    /// One string per batch: its cells, row by row, each followed by [`CELL_END`].
    pages: VecDeque<String>,
    header: Vec<String>,
    /// The widest cell of each column so far, in columns of a terminal.
    widths: Vec<usize>,
    reservation: MemoryReservation,
    stage: Stage,
}

/// How far the table is written.
enum Stage {
    Header,
    Rows,
    Done,
}

/// Ends a cell within a page. A cell that contains it is shown without.
const CELL_END: char = '\u{0}';

impl TextEncoder {
    pub(super) fn new(schema: &SchemaRef, reservation: MemoryReservation) -> TextEncoder {
        let header: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let widths = header.iter().map(|name| width(name)).collect();
        TextEncoder { pages: VecDeque::new(), header, widths, reservation, stage: Stage::Header }
    }

    fn rule(&self, out: &mut String) {
        for width in &self.widths {
            out.push('+');
            out.extend(std::iter::repeat_n('-', width + 2));
        }
        out.push('+');
    }

    /// Writes a row, as many lines as its highest cell has.
    fn row(&self, cells: &[&str], out: &mut String) {
        let height = cells.iter().map(|c| c.split('\n').count()).max().unwrap_or(1);
        for line in 0..height {
            for (cell, width_max) in cells.iter().zip(&self.widths) {
                let text = cell.split('\n').nth(line).unwrap_or("");
                out.push_str("| ");
                out.push_str(text);
                out.extend(std::iter::repeat_n(' ', width_max.saturating_sub(text.width()) + 1));
            }
            out.push_str("|\n");
        }
    }
}

impl Encoder for TextEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let options = FormatOptions::default();
        let formatters: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|a| ArrayFormatter::try_new(a.as_ref(), &options)).collect::<Result<_, _>>()?;
        let (mut page, mut cell) = (String::new(), String::new());
        for row in 0..batch.num_rows() {
            for (formatter, width_max) in formatters.iter().zip(&mut self.widths) {
                cell.clear();
                formatter.value(row).write(&mut cell)?;
                cut(&mut cell);
                *width_max = (*width_max).max(width(&cell));
                page.push_str(&cell);
                page.push(CELL_END);
            }
        }
        page.shrink_to_fit();
        self.reservation.try_grow(page.capacity())?;
        self.pages.push_back(page);
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = String::new();
        loop {
            match self.stage {
                Stage::Header => {
                    self.rule(&mut out);
                    out.push('\n');
                    let names: Vec<&str> = self.header.iter().map(String::as_str).collect();
                    self.row(&names, &mut out);
                    self.rule(&mut out);
                    out.push('\n');
                    self.stage = Stage::Rows;
                }
                Stage::Rows => match self.pages.pop_front() {
                    None => {
                        self.rule(&mut out);
                        self.stage = Stage::Done;
                    }
                    Some(page) => {
                        let mut cells = page.split_terminator(CELL_END);
                        loop {
                            let row: Vec<&str> = cells.by_ref().take(self.widths.len()).collect();
                            if row.is_empty() {
                                break;
                            }
                            self.row(&row, &mut out);
                        }
                        self.reservation.shrink(page.capacity());
                    }
                },
                Stage::Done => return Ok((!out.is_empty()).then(|| out.into_bytes())),
            }
            if out.len() >= CHUNK_BYTES {
                return Ok(Some(out.into_bytes()));
            }
        }
    }
}

/// The width of a cell: that of its widest line.
fn width(cell: &str) -> usize {
    cell.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Cuts a cell that is too long, and removes what only looks like the end of one.
fn cut(cell: &mut String) {
    if let Some((end, _)) = cell.char_indices().nth(CELL_CHARS_MAX) {
        cell.truncate(end);
        let _ = cell.write_str(CUT);
    }
    if cell.contains(CELL_END) {
        cell.retain(|c| c != CELL_END);
    }
}
