//! Where memory is, in the format of pprof (github.com/google/pprof, proto/profile.proto): the part of it that is needed.

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use std::collections::HashMap;
use std::io::Write;

/// A profile: samples of stacks of functions.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

/// What a value measures; texts are indexes into the string table.
#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
}

/// Memory of something: a stack of names, the innermost first; things; bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemorySample {
    /// The innermost first.
    pub stack: Vec<String>,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The samples as a gzipped profile, which `go tool pprof` reads.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn encode(samples: &[MemorySample], time_nanos: i64) -> std::io::Result<Vec<u8>> {
    let mut strings = Strings::default();
    // The format's first string is empty.
    strings.index("");
    let mut value_type = |kind: &str, unit: &str| ValueType { kind: strings.index(kind), unit: strings.index(unit) };
    let mut profile = Profile {
        sample_type: vec![value_type("state_rows", "count"), value_type("state_space", "bytes")],
        time_nanos,
        ..Profile::default()
    };
    profile.default_sample_type = strings.index("state_space");
    let mut known = HashMap::new();
    for sample in samples {
        let mut location_id = Vec::new();
        for name in &sample.stack {
            let next = known.len() as u64 + 1;
            let id = *known.entry(name.as_str()).or_insert_with(|| {
                let name = strings.index(name);
                profile.function.push(Function { id: next, name, system_name: name });
                profile.location.push(Location { id: next, line: vec![Line { function_id: next }] });
                next
            });
            location_id.push(id);
        }
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        profile.sample.push(Sample { location_id, value: vec![number(sample.rows), number(sample.bytes)] });
    }
    profile.string_table = strings.list;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&profile.encode_to_vec())?;
    gzip.finish()
}

#[derive(Default)]
struct Strings {
    list: Vec<String>,
    index: HashMap<String, i64>,
}

impl Strings {
    fn index(&mut self, text: &str) -> i64 {
        if let Some(index) = self.index.get(text) {
            return *index;
        }
        let index = self.list.len() as i64;
        self.list.push(text.to_owned());
        self.index.insert(text.to_owned(), index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn stacks_share_their_functions() {
        let sample = |stack: [&str; 2], bytes| MemorySample { stack: stack.map(String::from).to_vec(), rows: 2, bytes };
        let bytes = encode(&[sample(["index", "worker 0"], 10), sample(["index", "worker 1"], 20)], 7).unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
        let profile = Profile::decode(&plain[..]).unwrap();
        let name = |i: i64| profile.string_table[i as usize].as_str();
        assert_eq!(name(0), "");
        let types: Vec<_> = profile.sample_type.iter().map(|t| (name(t.kind), name(t.unit))).collect();
        assert_eq!(types, [("state_rows", "count"), ("state_space", "bytes")]);
        let functions: Vec<_> = profile.function.iter().map(|f| name(f.name)).collect();
        assert_eq!(functions, ["index", "worker 0", "worker 1"]);
        assert_eq!(profile.sample[1], Sample { location_id: vec![1, 3], value: vec![2, 20] });
        assert_eq!((profile.location.len(), profile.time_nanos), (3, 7));
    }
}
