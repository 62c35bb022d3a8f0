//! Rows as words: the SQL types, their encodings, and blocks of rows. Everything here builds for the sandbox and for
//! the host, because what lies in memory is what crosses between them and what is stored.
//!
//! # Words
//!
//! A row is a run of `u64` words; on the wire and on disk a word is 8 bytes, little-endian. The encoding of a value keeps
//! SQL's order: the numeric order of words is the SQL order of values, NULL first. It is the same whether the column is
//! nullable or not (word 0 is kept free for NULL), so that a column becomes nullable, as in an outer join or a UNION, at no cost.
//!
//! | type | words | encoding of a value (NULL is all zero) |
//! |---|---|---|
//! | BOOLEAN | 1 | FALSE 1, TRUE 2 |
//! | TINYINT, SMALLINT, INTEGER, DATE, months | 1 | value - least value of the type + 1 |
//! | unsigned TINYINT, SMALLINT, INTEGER | 1 | value + 1 |
//! | REAL, DOUBLE | 1 | bits of the canonical float (-0 becomes 0, every NaN the positive quiet one); positive: sign bit set, negative: all bits flipped. The least is that of -infinity, never 0; NaN is greatest |
//! | TIME | 1 | nanoseconds of the day + 1 |
//! | TIMESTAMP, also WITH TIME ZONE | 1 | microseconds with the sign bit flipped; never 0 within years 1 to 9999 |
//! | DECIMAL, precision <= 18 | 1 | units as `i64` with the sign bit flipped; never 0, as 10^18 < 2^63 |
//! | DECIMAL, precision > 18 | 2 | units as `i128` with the sign bit flipped, high word first; never 0, as 10^38 < 2^127 |
//! | BIGINT, INTERVAL DAY TO SECOND | 1 (2) | `b` = value with the sign bit flipped; see below |
//! | BIGINT UNSIGNED | 1 (2) | `b` = value; see below |
//! | CHAR, VARCHAR, BINARY, VARBINARY | 1 or more | see below |
//! | UUID | 3 | its 16 bytes, like text |
//! | ARRAY, MAP, ROW, VARIANT | 1 or more | the bytes of an [item], like text |
//!
//! **Wide** types (BIGINT, BIGINT UNSIGNED, day-time intervals) use all 2^64 words. Where the column is NOT NULL the word is `b`.
//! Where it is nullable: NULL is 0, `b >= 2` is the word `b`, and the two least values are the word 1 and then, as an *escape*, the
//! word `b`. So a nullable BIGINT takes one word for practically every value and is still exact and in order. This is the only
//! place where nullability matters to the encoding: a wide column that becomes nullable must be written again.
//!
//! **Text** is cut into pieces of 7 bytes. A word holds a piece in its upper 56 bits, the first byte highest, padded with zeros; the
//! low byte is 9 if more pieces follow, else the number of bytes in this one plus 1 (1 to 8). Only the empty string has a
//! piece of no bytes: it is the word 1. So `'' > NULL`, the order is that of the bytes (hence of code points), and no
//! text's words are a prefix of another's. Whatever else is bytes (binaries, UUIDs, items) is stored in the same way; "text" below means all of it.
//!
//! # Layouts
//!
//! The **storage layout** `L` of a list of columns is what circuits work on; only the equality of rows matters there, so columns of
//! fixed width stand at constant offsets: first one slot (two for a decimal of two words) per column that is not text, in column
//! order; then the escapes of those nullable wide columns whose slot is 1, in column order; then the texts, in column order. A
//! row of `L` has as many words as its own content says (*self-delimiting*), and a layout of a single column is in SQL order.
//! A *keyed* row is `L(key columns)` followed by `L(value columns)`: rows of one key are neighbours in any sorted batch.
//!
//! The **sort layout** `S` of a list of columns, each ascending or descending, is what views are put out in: each column in order, an
//! escape right behind its slot; the words of a descending column are complemented. The lexicographic order of two
//! rows' words is the SQL order of the rows, so that the host can merge and order views without knowing types.
//!
//! # Blocks
//!
//! A [`Block`] is rows with weights: words, ends of rows (none when all rows have the same number of words, the *stride*), and weights. It is the unit of memory,
//! exchange, spill and checkpoint, and holds at most [`BLOCK_WORDS`] words and [`BLOCK_ROWS`] rows; a row longer than that has a block to itself.

pub mod acc;
mod block;
pub mod dec;
mod draft;
pub mod enc;
mod interval;
pub mod item;
mod layout;
mod merge;
mod sequence;
mod shape;
mod shard;
mod sort;
pub mod text;
mod types;
mod value;
mod writer;

pub use block::{BLOCK_ROWS, BLOCK_WORDS, Block, BlockError, Iter};
pub use draft::{RowDraft, ValueRef};
pub use interval::{IntervalField, IntervalFields};
pub use item::{Item, ItemWriter, Items, MapDraft, View};
pub use layout::{Field, Layout, LayoutError, Place, RowError};
pub use merge::Merge;
pub use sequence::{Order, SortLayout, ToSort};
pub use shape::Shape;
pub use shard::{hash_words, shard_of};
pub use sort::{sort_consolidate, sort_scattered};
pub use types::{ColumnType, DECIMAL_PRECISION_MAX, DECIMAL_PRECISION_ONE_WORD, Kind, RowType, SqlType};
pub use value::{Value, cmp_f64};
pub use writer::RowWriter;
