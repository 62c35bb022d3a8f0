//! Changes of a row that has a primary key: the forms in which they come, and what they do to the row.

use weir_row::{Layout, Place, RowError, text};

/// The weight of a row that replaces the one with its key, or is inserted.
pub(super) const UPSERT: i64 = 1;
/// The weight of a key whose row is deleted.
pub(super) const DELETE: i64 = -1;
/// The weight of a key with new values for some columns.
pub(super) const UPDATE: i64 = 2;

/// The words of an update that say which columns it sets, for `columns` columns.
fn bitmap_words(columns: usize) -> usize {
    columns.div_ceil(64)
}

/// Whether an update's bitmap sets column `i`.
fn is_set(bitmap: &[u64], i: usize) -> bool {
    bitmap[i / 64] >> (i % 64) & 1 == 1
}

/// Whether a change is well-formed: the row, the key alone, or the key, a bitmap and the values.
pub(super) fn validate(key: &Layout, value: &Layout, row: &[u64], weight: i64) -> Result<(), String> {
    let end = key.validate_prefix(row).map_err(|e| e.to_string())?;
    let rest = &row[end..];
    let checked = match weight {
        UPSERT => value.validate(rest),
        DELETE if rest.is_empty() => Ok(()),
        DELETE => Err(RowError::Length(row.len())),
        UPDATE => validate_update(value, rest),
        _ => return Err(format!("a row of a table with a primary key has the weight {weight}")),
    };
    checked.map_err(|e| e.to_string())
}

/// The same for the bitmap and the values. Columns that are not set have zero words, or any value.
fn validate_update(value: &Layout, rest: &[u64]) -> Result<(), RowError> {
    let length = RowError::Length(rest.len());
    let (bitmap, values) = rest.split_at_checked(bitmap_words(value.len())).ok_or(length.clone())?;
    let spans = Spans::of(value, values).ok_or(length.clone())?;
    if spans.end != values.len() {
        return Err(length);
    }
    // Zero words in columns that are not set are put right by taking such columns as nullable.
    let mut relaxed = value.clone();
    for (i, field) in relaxed.fields.iter_mut().enumerate() {
        field.nullable |= !is_set(bitmap, i);
    }
    relaxed.validate(values)
}

/// Where the texts of a row begin, and the row's end.
struct Spans {
    texts: Vec<usize>,
    end: usize,
}

impl Spans {
    fn of(layout: &Layout, row: &[u64]) -> Option<Spans> {
        if row.len() < layout.fixed_words {
            return None;
        }
        let mut at = layout.first_text(row);
        let mut texts = Vec::with_capacity(layout.texts);
        for _ in 0..layout.texts {
            texts.push(at);
            at += text::measure(row.get(at..)?)?.0;
        }
        (at <= row.len()).then_some(Spans { texts, end: at })
    }
}

/// Writes the value that an update (bitmap and values) makes of `old`, both well-formed.
pub(super) fn update(layout: &Layout, old: &[u64], update: &[u64], out: &mut Vec<u64>) {
    let (bitmap, new) = update.split_at(bitmap_words(layout.len()));
    let (Some(spans_old), Some(spans_new)) = (Spans::of(layout, old), Spans::of(layout, new)) else {
        return out.extend_from_slice(old);
    };
    for (i, field) in layout.fields.iter().enumerate() {
        let from = if is_set(bitmap, i) { new } else { old };
        match field.place {
            Place::Slot(at) | Place::Wide(at) => out.extend_from_slice(&from[at..at + field.words]),
            Place::Text(_) => {}
        }
    }
    let (mut escape_old, mut escape_new) = (layout.fixed_words, layout.fixed_words);
    for (i, field) in layout.fields.iter().enumerate() {
        let Place::Wide(at) = field.place else { continue };
        for (row, escape, chosen) in
            [(old, &mut escape_old, !is_set(bitmap, i)), (new, &mut escape_new, is_set(bitmap, i))]
        {
            if row[at] == 1 {
                if chosen {
                    out.push(row[*escape]);
                }
                *escape += 1;
            }
        }
    }
    for (i, field) in layout.fields.iter().enumerate() {
        let Place::Text(t) = field.place else { continue };
        let (row, at) = if is_set(bitmap, i) { (new, spans_new.texts[t]) } else { (old, spans_old.texts[t]) };
        out.extend_from_slice(&row[at..text::skip(row, at)]);
    }
}
