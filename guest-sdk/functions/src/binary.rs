//! Binaries: positions and lengths count bytes, from 1.

use crate::{Arena, Error, Kernel, text_forms};
use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};
use std::io::Read;
use twox_hash::XxHash64;

/// Bytes that one binary may have; beyond that the pipeline stops instead of filling its memory.
const BYTES_MAX: usize = 16 << 20;

#[cold]
fn too_long() -> Error {
    Error::new(format!("the binary would be longer than {BYTES_MAX} bytes"))
}

/// A number of bytes that an `i32` argument stands for; none if it is negative.
fn natural(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// Bytes `from..from + n` (from 0), as far as they are there.
fn slice(b: &[u8], from: usize, n: usize) -> &[u8] {
    let rest = &b[from.min(b.len())..];
    &rest[..n.min(rest.len())]
}

/// All pieces, one after the other.
fn joined<'a>(arena: &'a Arena, pieces: &[&[u8]]) -> Result<&'a [u8], Error> {
    let length = pieces.iter().map(|p| p.len()).sum();
    if length > BYTES_MAX {
        return Err(too_long());
    }
    let to = arena.alloc_slice_fill_copy(length, 0);
    let mut at = 0;
    for piece in pieces {
        to[at..at + piece.len()].copy_from_slice(piece);
        at += piece.len();
    }
    Ok(to)
}

/// Where SUBSTR begins, from 0; `None` if `p` reaches before the start.
fn start(b: &[u8], p: i32) -> Option<usize> {
    if p < 0 { b.len().checked_sub(p.unsigned_abs() as usize) } else { Some(natural(p).saturating_sub(1)) }
}

kernels! { BINARIES:
    /// Both, one after the other.
    fn bytes_concat[arena](a: Bytes, b: Bytes) -> Bytes[!] = { joined(arena, &[a, b]) }
    /// Bytes that are UTF-8 as text; NULL if they are not.
    fn bin2utf8(b: Bytes) -> Text[?] = { std::str::from_utf8(b).ok() }
    /// What was compressed by gzip, as text.
    fn gunzip[arena](b: Bytes) -> Text[!] = {
        let mut out = Vec::new();
        let read = MultiGzDecoder::new(b).take(BYTES_MAX as u64 + 1).read_to_end(&mut out);
        read.map_err(|e| Error::new(format!("GUNZIP: {e}")))?;
        if out.len() > BYTES_MAX {
            return Err(too_long());
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(&*arena.alloc_str(&text)),
            Err(_) => Err(Error::new("GUNZIP: what was compressed is not UTF-8")),
        }
    }
    /// The first `n` bytes.
    fn bytes_left(b: Bytes, n: I32) -> Bytes = { slice(b, 0, natural(n)) }
    /// The last `n` bytes.
    fn bytes_right(b: Bytes, n: I32) -> Bytes = { &b[b.len().saturating_sub(natural(n))..] }
    /// MD5, as 32 lower-case hexadecimal digits.
    fn md5_bytes[arena](b: Bytes) -> Text = { arena.alloc_str(&text_forms::hex(Md5::digest(b).as_slice())) }
    /// The number of bytes.
    fn octet_length(b: Bytes) -> I32 = { i32::try_from(b.len()).unwrap_or(i32::MAX) }
    /// As many bytes as the replacement has, from `p` on, replaced: `(bytes, replacement, p)`.
    fn bytes_overlay[arena](b: Bytes, r: Bytes, p: I32) -> Bytes[!] = {
        bytes_overlay_for(arena, b, r, p, i32::try_from(r.len()).unwrap_or(i32::MAX))
    }
    /// `n` bytes from `p` on replaced: `(bytes, replacement, p, n)`.
    fn bytes_overlay_for[arena](b: Bytes, r: Bytes, p: I32, n: I32) -> Bytes[!] = {
        if p <= 0 {
            return Ok(b);
        }
        let from = (natural(p) - 1).min(b.len());
        joined(arena, &[&b[..from], r, slice(b, from.saturating_add(natural(n)), usize::MAX)])
    }
    /// First position of a part, from 1; 0 if absent: `(part, bytes)`.
    fn bytes_position(part: Bytes, b: Bytes) -> I32 = {
        if part.is_empty() {
            return 1;
        }
        b.windows(part.len()).position(|w| w == part).map_or(0, |at| at as i32 + 1)
    }
    /// The bytes from `p` on; all if `p` is below 1.
    fn bytes_substring(b: Bytes, p: I32) -> Bytes = { slice(b, natural(p).saturating_sub(1), usize::MAX) }
    /// `n` bytes from `p` on, from the first if `p` is below 1.
    fn bytes_substring_for(b: Bytes, p: I32, n: I32) -> Bytes = { slice(b, natural(p).saturating_sub(1), natural(n)) }
    /// The bytes from `p` on; a negative `p` counts from the end.
    fn bytes_substr(b: Bytes, p: I32) -> Bytes = { slice(b, start(b, p).unwrap_or(0), usize::MAX) }
    /// `n` bytes from `p` on; all if `p` reaches before the start.
    fn bytes_substr_for(b: Bytes, p: I32, n: I32) -> Bytes = {
        match start(b, p) {
            None => b,
            Some(from) => slice(b, from, natural(n)),
        }
    }
    /// Lower-case hexadecimal digits.
    fn to_hex[arena](b: Bytes) -> Text = { arena.alloc_str(&text_forms::hex(b)) }
    /// The first four bytes, or as many as there are, as a whole number, the highest first.
    fn to_int(b: Bytes) -> I32 = { slice(b, 0, 4).iter().fold(0u32, |n, b| n << 8 | u32::from(*b)).cast_signed() }
    /// XXH64 with a seed, its bits read as a signed number: `(bytes, seed)`.
    fn xxhash_bytes(b: Bytes, seed: I64) -> I64 = { XxHash64::oneshot(seed as u64, b) as i64 }
    /// XXH64 with the seed 0.
    fn xxhash_bytes_0(b: Bytes) -> I64 = { xxhash_bytes(b, 0) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[BINARIES];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    const BINARY: &[Family] = &[Family::Binary];
    const B: Param = Param::Binary;
    const N: Param = Param::Int;
    &[
        Function::new(
            BINARY,
            &["bin2utf8"],
            &[form(&[B], Out::Text, "bin2utf8")],
            "The bytes as text; NULL if they are not UTF-8.",
        )
        .gives(&[("BIN2UTF8(x'6869')", "hi"), ("BIN2UTF8(x'ff')", "NULL"), ("BIN2UTF8(NULL)", "NULL")]),
        Function::new(BINARY, &["gunzip"], &[form(&[B], Out::Text, "gunzip")], "The text that was compressed by gzip.")
            .gives(&[
                ("GUNZIP(x'1f8b08000000000002ffcb48cdc9c95728cf2fca49010085114a0d0b000000')", "hello world"),
                ("GUNZIP(NULL)", "NULL"),
            ])
            .fails(&[("GUNZIP(x'00')", "GUNZIP")]),
        Function::new(BINARY, &["octet_length"], &[form(&[B], Out::Int, "octet_length")], "The number of bytes.")
            .gives(&[("OCTET_LENGTH(x'00ff')", "2"), ("OCTET_LENGTH(x'')", "0"), ("OCTET_LENGTH(NULL)", "NULL")]),
        Function::new(
            BINARY,
            &["to_hex"],
            &[form(&[B], Out::Text, "to_hex")],
            "The bytes as lower-case hexadecimal digits.",
        )
        .gives(&[("TO_HEX(x'0A')", "0a"), ("TO_HEX(x'')", ""), ("TO_HEX(NULL)", "NULL")]),
        Function::new(
            BINARY,
            &["to_int"],
            &[form(&[B], Out::Int, "to_int")],
            "The first four bytes, or as many as there are, as a whole number, the highest byte first.",
        )
        .gives(&[
            ("TO_INT(x'0101')", "257"),
            ("TO_INT(x'ffffffff00')", "-1"),
            ("TO_INT(x'')", "0"),
            ("TO_INT(NULL)", "NULL"),
        ]),
        Function::new(BINARY, &["left"], &[form(&[B, N], Out::Binary, "bytes_left")], "The first bytes.").gives(&[
            ("LEFT(x'010203', 2)", "0102"),
            ("LEFT(x'01', -1)", ""),
            ("LEFT(x'01', NULL)", "NULL"),
        ]),
        Function::new(BINARY, &["right"], &[form(&[B, N], Out::Binary, "bytes_right")], "The last bytes.").gives(&[
            ("RIGHT(x'010203', 2)", "0203"),
            ("RIGHT(x'01', 5)", "01"),
            ("RIGHT(x'01', NULL)", "NULL"),
        ]),
        Function::new(
            BINARY,
            &["md5"],
            &[form(&[B], Out::Text, "md5_bytes")],
            "MD5, as 32 lower-case hexadecimal digits.",
        )
        .gives(&[
            ("MD5(x'6162')", "187ef4436122d1cc2f40dc2b92f0eba0"),
            ("MD5(x'')", "d41d8cd98f00b204e9800998ecf8427e"),
        ]),
        Function::new(
            BINARY,
            &["overlay"],
            &[form(&[B, B, N], Out::Binary, "bytes_overlay"), form(&[B, B, N, N], Out::Binary, "bytes_overlay_for")],
            "With bytes replaced: `OVERLAY(b PLACING r FROM p [FOR n])`.",
        )
        .gives(&[
            ("OVERLAY(x'01020304' PLACING x'ff' FROM 2 FOR 2)", "01ff04"),
            ("OVERLAY(x'0102' PLACING x'ff' FROM 9)", "0102ff"),
            ("OVERLAY(x'0102' PLACING x'ff' FROM 0)", "0102"),
        ]),
        Function::new(
            BINARY,
            &["position"],
            &[form(&[B, B], Out::Int, "bytes_position")],
            "The first position of bytes within others, from 1; 0 if they are not there.",
        )
        .gives(&[
            ("POSITION(x'02' IN x'0102')", "2"),
            ("POSITION(x'' IN x'01')", "1"),
            ("POSITION(x'03' IN x'0102')", "0"),
        ]),
        Function::new(
            BINARY,
            &["substring"],
            &[form(&[B, N], Out::Binary, "bytes_substring"), form(&[B, N, N], Out::Binary, "bytes_substring_for")],
            "Bytes from a position on; a position below 1 is 1.",
        )
        .gives(&[
            ("SUBSTRING(x'010203' FROM 2)", "0203"),
            ("SUBSTRING(x'010203' FROM 0 FOR 2)", "0102"),
            ("SUBSTRING(x'010203' FROM 2 FOR -1)", ""),
        ]),
        Function::new(
            BINARY,
            &["substr"],
            &[form(&[B, N], Out::Binary, "bytes_substr"), form(&[B, N, N], Out::Binary, "bytes_substr_for")],
            "Bytes from a position on; a negative position counts from the end.",
        )
        .gives(&[
            ("SUBSTR(x'01020304', -3, 2)", "0203"),
            ("SUBSTR(x'0102', -5, 1)", "0102"),
            ("SUBSTR(x'0102', 2)", "02"),
        ]),
        Function::new(
            BINARY,
            &["xxhash"],
            &[form(&[B], Out::BigInt, "xxhash_bytes_0"), form(&[B, Param::BigInt], Out::BigInt, "xxhash_bytes")],
            "XXH64 of the bytes with a seed, read as a signed number.",
        )
        .gives(&[
            ("XXHASH(x'')", "-1205034819632174695"),
            ("XXHASH(x'01', NULL)", "NULL"),
            ("XXHASH(x'', 0)", "-1205034819632174695"),
        ]),
    ]
};
