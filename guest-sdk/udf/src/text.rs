//! Strings and binary strings, shared.

use crate::Error;
use crate::value::Value;
use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::ops::{Add, Deref};
use std::str::FromStr;
use std::sync::Arc;
use weir_functions::Arena;
use weir_row::{Item, ItemWriter, View};

/// CHAR, VARCHAR: a shared string. It derefs to `str`; clones share it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlString(Arc<str>);

impl SqlString {
    /// The empty string.
    pub fn new() -> SqlString {
        SqlString(Arc::from(""))
    }

    /// A string of its own with this text.
    pub fn from_ref(text: &str) -> SqlString {
        SqlString(Arc::from(text))
    }

    /// The text.
    pub fn str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SqlString {
    fn default() -> SqlString {
        SqlString::new()
    }
}

impl Deref for SqlString {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SqlString {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SqlString {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SqlString {
    fn from(text: &str) -> SqlString {
        SqlString::from_ref(text)
    }
}

impl From<&String> for SqlString {
    fn from(text: &String) -> SqlString {
        SqlString::from_ref(text)
    }
}

impl From<String> for SqlString {
    fn from(text: String) -> SqlString {
        SqlString(text.into())
    }
}

impl From<char> for SqlString {
    fn from(c: char) -> SqlString {
        SqlString::from_ref(c.encode_utf8(&mut [0; 4]))
    }
}

impl From<SqlString> for String {
    fn from(s: SqlString) -> String {
        s.str().to_owned()
    }
}

impl FromStr for SqlString {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<SqlString, Infallible> {
        Ok(text.into())
    }
}

impl FromIterator<char> for SqlString {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> SqlString {
        chars.into_iter().collect::<String>().into()
    }
}

impl PartialEq<str> for SqlString {
    fn eq(&self, other: &str) -> bool {
        self.str() == other
    }
}

impl PartialEq<&str> for SqlString {
    fn eq(&self, other: &&str) -> bool {
        self.str() == *other
    }
}

impl Add<&str> for SqlString {
    type Output = SqlString;

    fn add(self, other: &str) -> SqlString {
        [self.str(), other].concat().into()
    }
}

impl fmt::Display for SqlString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for SqlString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.str(), f)
    }
}

impl Value for SqlString {
    type Words<'a> = &'a str;

    fn get(words: &str) -> Result<SqlString, Error> {
        Ok(words.into())
    }

    fn put(self, arena: &Arena) -> Result<&str, Error> {
        Ok(arena.alloc_str(&self))
    }

    fn read(item: Item<'_>) -> Option<SqlString> {
        if let View::Text(s) = item.view() { Some(s.as_ref().into()) } else { None }
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        out.text(self);
        Ok(())
    }
}

/// BINARY, VARBINARY: shared bytes. It derefs to `[u8]`; clones share it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteArray(Arc<[u8]>);

impl ByteArray {
    /// Bytes of its own, equal to these.
    pub fn new(bytes: &[u8]) -> ByteArray {
        ByteArray(bytes.into())
    }

    /// These bytes.
    pub fn from_vec(bytes: Vec<u8>) -> ByteArray {
        ByteArray(bytes.into())
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes.
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

impl Default for ByteArray {
    fn default() -> ByteArray {
        ByteArray::new(&[])
    }
}

impl Deref for ByteArray {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ByteArray {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for ByteArray {
    fn from(bytes: &[u8]) -> ByteArray {
        ByteArray::new(bytes)
    }
}

impl From<Vec<u8>> for ByteArray {
    fn from(bytes: Vec<u8>) -> ByteArray {
        ByteArray::from_vec(bytes)
    }
}

impl From<ByteArray> for Vec<u8> {
    fn from(bytes: ByteArray) -> Vec<u8> {
        bytes.to_vec()
    }
}

/// In hexadecimal.
impl fmt::Display for ByteArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&weir_functions::forms::hex(self))
    }
}

impl fmt::Debug for ByteArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x'{self}'")
    }
}

impl Value for ByteArray {
    type Words<'a> = &'a [u8];

    fn get(words: &[u8]) -> Result<ByteArray, Error> {
        Ok(words.into())
    }

    fn put(self, arena: &Arena) -> Result<&[u8], Error> {
        Ok(arena.alloc_slice_copy(&self))
    }

    fn read(item: Item<'_>) -> Option<ByteArray> {
        if let View::Bytes(b) = item.view() { Some(b.as_ref().into()) } else { None }
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        out.binary(self);
        Ok(())
    }
}
