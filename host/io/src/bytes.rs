//! Binaries as text: hexadecimal and base58.

/// Bytes of a binary in base58, at most: reading and writing it takes time that grows with the square.
pub(crate) const BASE58_BYTES_MAX: usize = 2_048;

/// The bytes of hexadecimal digits of any case, perhaps behind `0x`.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// The bytes of a text in base58, as Bitcoin's addresses are; `None` also if they are more than [`BASE58_BYTES_MAX`].
pub(crate) fn from_base58(text: &str) -> Option<Vec<u8>> {
    // A digit is less than a byte, so that what is longer than this in digits cannot be short enough in bytes, but for zeros.
    if text.len() > 2 * BASE58_BYTES_MAX {
        return None;
    }
    bs58::decode(text).into_vec().ok().filter(|b| b.len() <= BASE58_BYTES_MAX)
}

/// Bytes in base58; `None` if they are more than [`BASE58_BYTES_MAX`].
pub(crate) fn base58(bytes: &[u8]) -> Option<String> {
    (bytes.len() <= BASE58_BYTES_MAX).then(|| bs58::encode(bytes).into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(from_hex("0x00fF"), Some(vec![0, 255]));
        assert_eq!(from_hex(""), Some(vec![]));
        assert_eq!((from_hex("0xf"), from_hex("xx"), from_hex("é0")), (None, None, None));
        assert_eq!(base58(b"Hello World!").as_deref(), Some("2NEpo7TZRRrLZSi2U"));
        assert_eq!(from_base58("2NEpo7TZRRrLZSi2U").as_deref(), Some(&b"Hello World!"[..]));
        assert_eq!(from_base58("0OIl"), None);
        assert_eq!(base58(&[0; BASE58_BYTES_MAX + 1]), None);
        assert_eq!(from_base58(&base58(&[0; BASE58_BYTES_MAX]).unwrap()), Some(vec![0; BASE58_BYTES_MAX]));
    }
}
