//! Making the values of a row, as JSON.

use super::config::Choice;
use super::random::Random;
use super::show::Show;
use super::text::Text;
use fake::rand::RngCore;
use serde_json::Value;
use std::io::Write;

/// Makes the values of a column, or of a part of one.
pub(super) struct Maker {
    /// How many of a hundred are NULL.
    pub(super) nulls: u64,
    pub(super) what: What,
}

pub(super) enum What {
    /// Given values, as JSON.
    Given(Pick, Vec<String>),
    /// Whole numbers of some unit: `low + i * step`.
    Numbers {
        pick: Pick,
        low: i128,
        step: i128,
        count: u128,
        show: Show,
    },
    Real {
        choice: Choice,
        low: f64,
        high: f64,
        step: f64,
    },
    Text {
        text: Text,
        characters: Option<u32>,
    },
    /// Small letters.
    Letters(Length),
    Uuid(Choice),
    Bytes(Length),
    Array(Length, Box<Maker>),
    Map {
        length: Length,
        key: Box<Maker>,
        look: KeyLook,
        value: Box<Maker>,
    },
    Row(Vec<(String, Maker)>),
}

/// Which of several.
#[derive(Clone, Copy)]
pub(super) struct Pick {
    pub(super) choice: Choice,
    pub(super) e: f64,
}

impl Pick {
    fn index(self, row: u64, random: &mut Random, count: u128) -> u128 {
        match self.choice {
            Choice::Increment => u128::from(row) % count,
            Choice::Uniform => random.below(count),
            Choice::Zipf => random.zipf(count, self.e),
        }
    }
}

/// How long something is: `low` or more, `low + count` is none of it.
#[derive(Clone, Copy)]
pub(super) struct Length {
    pub(super) pick: Pick,
    pub(super) low: u64,
    pub(super) count: u64,
}

impl Length {
    fn of(self, row: u64, random: &mut Random) -> u64 {
        self.low + self.pick.index(row, random, u128::from(self.count)) as u64
    }

    fn most(self, each: u128) -> u128 {
        u128::from(self.low + self.count).saturating_mul(each).saturating_add(1)
    }
}

/// How a map's keys become names of members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyLook {
    /// Texts as they are, all else as the text of its JSON.
    Text,
    /// Binaries: their digits.
    Hex,
}

impl KeyLook {
    /// Appends a key, of which `made` is the JSON value.
    fn write(self, made: &[u8], out: &mut Vec<u8>) {
        if made.first() == Some(&b'"') {
            return out.extend_from_slice(made);
        }
        let text = String::from_utf8_lossy(made);
        if self == KeyLook::Hex {
            let bytes: Vec<u8> = serde_json::from_slice(made).unwrap_or_default();
            let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            // Writing to a vector does not fail, here and below.
            let _ = write!(out, "\"0x{digits}\"");
        } else {
            let _ = write!(out, "{}", Value::from(text.as_ref()));
        }
    }
}

impl Maker {
    /// The values, characters and bytes that it makes of a row, at most.
    pub(super) fn most(&self) -> u128 {
        match &self.what {
            What::Numbers { .. } | What::Real { .. } | What::Uuid(_) => 1,
            What::Given(_, values) => values.iter().map(|v| v.len() as u128).max().unwrap_or(1),
            What::Text { text, characters } => {
                u128::from(characters.unwrap_or(u32::MAX)).min(text.characters_max().into())
            }
            What::Letters(length) | What::Bytes(length) => length.most(1),
            What::Array(length, element) => length.most(element.most()),
            // A key's quotation marks get a backslash each, and those one more.
            What::Map { length, key, value, .. } => {
                length.most(key.most().saturating_mul(2).saturating_add(value.most()))
            }
            What::Row(fields) => fields.iter().fold(1, |sum, (_, maker)| sum.saturating_add(maker.most())),
        }
    }

    /// Appends the value of a row, as JSON.
    pub(super) fn make(&self, row: u64, random: &mut Random, out: &mut Vec<u8>) {
        if self.nulls > 0 && random.next_u64() % 100 < self.nulls {
            return out.extend_from_slice(b"null");
        }
        match &self.what {
            What::Given(pick, values) => {
                let i = pick.index(row, random, values.len() as u128);
                out.extend_from_slice(values[i as usize].as_bytes());
            }
            What::Numbers { pick, low, step, count, show } => {
                let n = low.wrapping_add((pick.index(row, random, *count) as i128).wrapping_mul(*step));
                show.write(n, out);
            }
            What::Real { choice, low, high, step } => {
                let x = match choice {
                    Choice::Increment => low + (row as f64 * step) % (high - low),
                    _ => low + random.unit() * (high - low),
                };
                // JSON has no infinities, and none comes of finite bounds.
                let _ = write!(out, "{x:?}");
            }
            What::Text { text, characters } => {
                let mut s = text.make(random);
                if let Some((at, _)) = characters.and_then(|n| s.char_indices().nth(n as usize)) {
                    s.truncate(at);
                }
                let _ = write!(out, "{}", Value::from(s));
            }
            What::Letters(length) => {
                let n = length.of(row, random);
                out.push(b'"');
                out.extend((0..n).map(|_| b'a' + (random.next_u32() % 26) as u8));
                out.push(b'"');
            }
            What::Uuid(choice) => {
                let n = match choice {
                    Choice::Increment => u128::from(row),
                    _ => u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()),
                };
                let hex = format!("{n:032x}");
                let _ =
                    write!(out, "\"{}-{}-{}-{}-{}\"", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            }
            What::Bytes(length) => {
                let n = length.of(row, random);
                list(out, n, |out, _| drop(write!(out, "{}", random.next_u32() as u8)));
            }
            What::Array(length, element) => {
                let n = length.of(row, random);
                list(out, n, |out, i| element.make(row.wrapping_add(i), random, out));
            }
            What::Map { length, key, look, value } => {
                out.push(b'{');
                let mut made = Vec::new();
                for i in 0..length.of(row, random) {
                    out.extend_from_slice(if i == 0 { b"" } else { b"," });
                    made.clear();
                    key.make(row.wrapping_add(i), random, &mut made);
                    look.write(&made, out);
                    out.push(b':');
                    value.make(row.wrapping_add(i), random, out);
                }
                out.push(b'}');
            }
            What::Row(fields) => {
                out.push(b'{');
                for (i, (name, maker)) in fields.iter().enumerate() {
                    out.extend_from_slice(if i == 0 { b"" } else { b"," });
                    out.extend_from_slice(name.as_bytes());
                    out.push(b':');
                    maker.make(row, random, out);
                }
                out.push(b'}');
            }
        }
    }
}

fn list(out: &mut Vec<u8>, n: u64, mut each: impl FnMut(&mut Vec<u8>, u64)) {
    out.push(b'[');
    for i in 0..n {
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        each(out, i);
    }
    out.push(b']');
}
