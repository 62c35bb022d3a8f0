//! Functions that users write in Rust: compiled with their programs and run; and all that such code may try against the machine that
//! compiles it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../sql/tests/support/encode.rs"]
mod encode;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use common::{be_worker, shared};
use weir_compiler::{CancelToken, CompileError, CompileRequest, Compiler, Profile, UserCode};
use weir_row::{SortLayout, Value};
use weir_runtime::{Engine, Failure, Pipeline, PipelineOptions, Program};

#[test]
fn compile_worker() {
    be_worker();
}

static COMPILER: LazyLock<Compiler> = LazyLock::new(|| {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    compiler
});
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::with_threads(2).unwrap());

/// A row of a view, and how often it is there.
type Weighted = (Vec<Value>, i64);

struct Running {
    circuit: weir_circuit::Circuit,
    pipeline: Pipeline,
}

fn compile(sql: &str, rust: &str, toml: &str) -> Result<(weir_circuit::Circuit, Program), CompileError> {
    let circuit = weir_sql::compile(sql).unwrap_or_else(|e| panic!("{}", weir_sql::render(sql, "sql", &e))).circuit;
    let user = UserCode { stubs: weir_sql::stubs(&circuit), rust: rust.to_owned(), toml: toml.to_owned() };
    let source = weir_sql::generate(&circuit);
    let user = (!circuit.functions.is_empty()).then_some(user);
    let artifact =
        COMPILER.compile(&CompileRequest { source, profile: Profile::Unoptimized, user }, &CancelToken::new())?;
    let file = COMPILER.open_native(&artifact)?;
    Ok((circuit, Program::load_file(&ENGINE, file, &artifact.native_sha256).unwrap()))
}

fn start(sql: &str, rust: &str, toml: &str, workers: u32) -> Running {
    let (circuit, program) = compile(sql, rust, toml).unwrap_or_else(|e| panic!("{e}"));
    let pipeline = Pipeline::open(&program, PipelineOptions { workers, ..PipelineOptions::default() }).unwrap();
    Running { circuit, pipeline }
}

impl Running {
    /// The changes of the views by a step that takes in rows of the first table with these weights.
    fn step(&mut self, rows: &[(Vec<Value>, i64)]) -> Result<Vec<Vec<Weighted>>, Failure> {
        for (row, weight) in rows {
            let one = encode::block(&self.circuit, 0, std::slice::from_ref(row));
            let mut block = weir_row::Block::new(one.stride);
            one.iter().for_each(|(words, w)| block.push(words, w * weight));
            self.pipeline.ingest(0, 0, vec![block])?;
        }
        self.pipeline.step(0)?;
        let views = &self.circuit.views;
        let read = |(v, view): (usize, &weir_circuit::View)| {
            let layout = SortLayout::ascending(&view.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
            let blocks = self.pipeline.delta(v as u32)?;
            Ok(blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (layout.decode(r).unwrap(), w)).collect())
        };
        views.iter().enumerate().map(read).collect()
    }
}

/// What rustc says of a function body, in a program that calls it.
fn refused(body: &str) -> String {
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(x INT) RETURNS INT; CREATE VIEW v AS SELECT f(x) AS y FROM t;";
    match compile(sql, body, "") {
        Err(CompileError::Rustc { message }) => message,
        Err(e) => panic!("{body}: another error: {e}"),
        Ok(_) => panic!("{body}: it compiled"),
    }
}

const F: &str = "pub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> { Ok(x) }\n";

#[test]
fn values_of_every_type_go_through_rust() {
    // Each type once as a parameter and as the result, present and NULL: the function gives back what it got.
    let types = [
        ("BOOLEAN", "bool", "TRUE"),
        ("TINYINT", "i8", "CAST(-7 AS TINYINT)"),
        ("SMALLINT", "i16", "CAST(-7 AS SMALLINT)"),
        ("INT", "i32", "x"),
        ("BIGINT", "i64", "CAST(x AS BIGINT)"),
        ("TINYINT UNSIGNED", "u8", "CAST(7 AS TINYINT UNSIGNED)"),
        ("SMALLINT UNSIGNED", "u16", "CAST(7 AS SMALLINT UNSIGNED)"),
        ("INT UNSIGNED", "u32", "CAST(7 AS INT UNSIGNED)"),
        ("BIGINT UNSIGNED", "u64", "CAST(7 AS BIGINT UNSIGNED)"),
        ("DECIMAL(10, 2)", "SqlDecimal<10, 2>", "CAST('-12.34' AS DECIMAL(10, 2))"),
        ("DECIMAL(38, 10)", "SqlDecimal<38, 10>", "CAST('-12.34' AS DECIMAL(38, 10))"),
        ("REAL", "F32", "CAST(1.5 AS REAL)"),
        ("DOUBLE", "F64", "CAST(1.5 AS DOUBLE)"),
        ("VARCHAR", "SqlString", "'äx'"),
        ("VARBINARY", "ByteArray", "x'00ff'"),
        ("DATE", "Date", "DATE '2026-11-22'"),
        ("TIME", "Time", "TIME '12:34:56.789'"),
        ("TIMESTAMP", "Timestamp", "TIMESTAMP '2026-11-22 12:34:56.789'"),
        ("UUID", "Uuid", "CAST('00112233-4455-6677-8899-aabbccddeeff' AS UUID)"),
        ("INT ARRAY", "Array<Option<i32>>", "ARRAY[1, x, CAST(NULL AS INT)]"),
        ("VARCHAR ARRAY ARRAY", "Array<Option<Array<Option<SqlString>>>>", "ARRAY[ARRAY['a', 'b'], ARRAY['c']]"),
        (
            "MAP<VARCHAR, DECIMAL(10, 2)>",
            "Map<SqlString, Option<SqlDecimal<10, 2>>>",
            "MAP['b', CAST('1.5' AS DECIMAL(10, 2)), 'a', CAST('2' AS DECIMAL(10, 2))]",
        ),
        ("VARIANT", "Variant", "PARSE_JSON('{\"a\": [1, 2.5, null, \"x\", {\"b\": true}]}')"),
        ("pair", "Tup2<Option<i32>, SqlString>", "pair(x, 'y')"),
    ];
    let mut sql = "CREATE TABLE t(x INT); CREATE TYPE pair AS (a INT NULL, b VARCHAR NOT NULL);".to_owned();
    let (mut rust, mut selected) = ("use weir_udf::*;\n".to_owned(), vec![]);
    for (i, (ty, rust_ty, value)) in types.iter().enumerate() {
        sql += &format!("CREATE FUNCTION f{i}(v {ty}, n {ty}) RETURNS {ty};\n");
        rust += &format!(
            "pub fn f{i}(v: Option<{rust_ty}>, n: Option<{rust_ty}>) -> Result<Option<{rust_ty}>, Box<dyn std::error::Error>> {{\n\
             assert!(n.is_none());\n    Ok(v.clone())\n}}\n"
        );
        selected.push(format!("f{i}({value}, CAST(NULL AS {ty})) IS NOT DISTINCT FROM {value} AS c{i}"));
    }
    sql += &format!("CREATE VIEW v AS SELECT {} FROM t;", selected.join(", "));
    let mut running = start(&sql, &rust, "", 1);
    let views = running.step(&[(vec![Value::I32(5)], 1)]).unwrap();
    let [(row, 1)] = views[0].as_slice() else { panic!("{views:?}") };
    for (value, (ty, ..)) in row.iter().zip(types) {
        assert_eq!(*value, Value::Bool(true), "{ty}");
    }
}

#[test]
fn lengths_are_those_of_the_declaration() {
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(s CHAR(3) NOT NULL) RETURNS CHAR(4) NOT NULL;
        CREATE VIEW v AS SELECT f('ab') AS a, f('abcdef') AS b FROM t;";
    let rust = "use weir_udf::*; pub fn f(s: SqlString) -> Result<SqlString, Error> { Ok(s + \"|\" + \"xyz\") }";
    let views = start(sql, rust, "", 1).step(&[(vec![Value::I32(5)], 1)]).unwrap();
    assert_eq!(views[0], [(vec![Value::text("ab |"), Value::text("abc|")], 1)]);
}

#[test]
fn an_error_stops_the_pipeline_at_its_call() {
    let sql = "CREATE TABLE t(x INT);\nCREATE FUNCTION f(x INT) RETURNS INT;\nCREATE VIEW v AS SELECT\n  1 + f(x) AS y FROM t;";
    let rust = "pub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> {
        match x { Some(x) if x < 0 => Err(format!(\"{x} is negative\").into()), x => Ok(x) }
    }";
    let mut running = start(sql, rust, "", 1);
    let views = running.step(&[(vec![Value::I32(1)], 1), (vec![Value::Null], 1)]).unwrap();
    assert_eq!(views[0], [(vec![Value::Null], 1), (vec![Value::I32(2)], 1)]);
    let failure = running.step(&[(vec![Value::I32(-1)], 1)]).unwrap_err();
    let place = failure.position;
    assert!(failure.message.contains("-1 is negative"), "{failure:?}");
    assert_eq!(place, Some((4, 7)), "{failure:?}");
}

#[test]
fn a_panic_fails_the_pipeline() {
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(x INT) RETURNS INT; CREATE VIEW v AS SELECT f(x) AS y FROM t;";
    let rust = "pub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> { panic!(\"no more\") }";
    let failure = start(sql, rust, "", 1).step(&[(vec![Value::I32(1)], 1)]).unwrap_err();
    assert!(failure.message.contains("no more"), "{failure:?}");
}

#[test]
fn a_linear_aggregate_is_the_same_in_steps_and_at_once() {
    let sql =
        "CREATE TABLE t(k INT, x INT, y VARCHAR); CREATE LINEAR AGGREGATE total(x INT, y VARCHAR) RETURNS VARCHAR;
        CREATE VIEW v AS SELECT k, total(x, y) AS a, total(DISTINCT x, y) AS b, COUNT(*) AS n FROM t GROUP BY k;";
    let rust = "use weir_udf::*;
        #[derive(Clone)]
        pub struct total_accumulator_type { sum: i64, length: i64 }
        impl std::ops::Add for total_accumulator_type {
            type Output = Self;
            fn add(self, o: Self) -> Self { Self { sum: self.sum + o.sum, length: self.length + o.length } }
        }
        impl std::ops::Neg for total_accumulator_type {
            type Output = Self;
            fn neg(self) -> Self { Self { sum: -self.sum, length: -self.length } }
        }
        pub fn total_map(x: i32, y: SqlString) -> total_accumulator_type {
            total_accumulator_type { sum: i64::from(x), length: y.len() as i64 }
        }
        pub fn total_post(t: total_accumulator_type) -> SqlString { format!(\"{} {}\", t.sum, t.length).into() }";
    let row = |k: i32, x: Option<i32>, y: &str| vec![Value::I32(k), x.map_or(Value::Null, Value::I32), Value::text(y)];
    let steps: Vec<Vec<Weighted>> = vec![
        vec![(row(1, Some(3), "ab"), 2), (row(1, Some(4), "c"), 1), (row(2, None, "x"), 1)],
        vec![(row(1, Some(3), "ab"), -1), (row(2, Some(9), "xyz"), 1_000_000)],
        vec![(row(1, Some(4), "c"), -1), (row(2, Some(9), "xyz"), -999_999), (row(3, None, ""), 5)],
    ];
    let mut last = vec![];
    for workers in [1, 3] {
        let mut running = start(sql, rust, "", workers);
        let mut contents: std::collections::BTreeMap<Vec<Value>, i64> = std::collections::BTreeMap::new();
        for step in &steps {
            for (row, weight) in running.step(step).unwrap().remove(0) {
                *contents.entry(row).or_default() += weight;
            }
        }
        contents.retain(|_, weight| *weight != 0);
        let at_once = start(sql, rust, "", workers).step(&steps.concat()).unwrap().remove(0);
        assert_eq!(contents.into_iter().collect::<Vec<_>>(), at_once);
        last = at_once;
    }
    let group = |k, a: Value, b: Value, n| (vec![Value::I32(k), a, b, Value::I64(n)], 1);
    assert_eq!(
        last,
        [
            group(1, Value::text("3 2"), Value::text("3 2"), 1),
            group(2, Value::text("9 3"), Value::text("9 3"), 2),
            group(3, Value::Null, Value::Null, 5),
        ]
    );
}

#[test]
fn errors_tell_their_place_in_udf_rs() {
    let said = refused("\n\npub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> { x }");
    assert!(said.contains("mismatched types") && said.contains("--> udf.rs:3:"), "{said}");
    let said = refused("pub fn f(x: Option<i64>) -> Result<Option<i32>, Box<dyn std::error::Error>> { Ok(None) }");
    assert!(said.contains("stubs.rs") && said.contains("udf.rs:1:"), "{said}");
    let said = refused("");
    assert!(said.contains("cannot find function `f` in module `udf`"), "{said}");
    let said = refused(&format!("{F} use nonsense::X;"));
    assert!(said.contains("nonsense"), "{said}");
}

#[test]
fn files_of_the_machine_are_not_read() {
    for (body, said_of) in [
        ("include!(\"/etc/passwd\");", "ermission denied"),
        ("pub const X: &[u8] = include_bytes!(\"/etc/hostname\");", "ermission denied"),
        ("pub const X: &str = include_str!(\"/proc/self/environ\");", "ermission denied"),
        ("pub const X: &str = include_str!(\"../../../programs\");", "couldn't read"),
        ("#[path = \"/etc/passwd\"] mod x;", "ermission denied"),
        ("pub const X: &str = env!(\"HOME\");", "not defined"),
    ] {
        let said = refused(&format!("{F}{body}"));
        assert!(said.contains(said_of) && !said.contains("root:"), "{body}: {said}");
    }
}

#[test]
fn what_is_not_stable_or_not_for_the_sandbox_is_refused() {
    for body in [
        "#![feature(asm_experimental_arch)]",
        "pub fn g() { unsafe { core::arch::asm!(\"nop\") } }",
        "core::arch::global_asm!(\".globl evil\");",
        "#[link(name = \"evil\")] unsafe extern \"C\" { fn evil(); } pub fn g() { unsafe { evil() } } #[unsafe(no_mangle)] pub extern \"C\" fn keep() { g() }",
        "#[link_args = \"--evil\"] unsafe extern \"C\" {}",
        "#[unsafe(no_mangle)] pub fn weir_program_new() {}",
    ] {
        let said = refused(&format!("{F}{body}"));
        assert!(said.contains("error"), "{body}: {said}");
    }
}

#[test]
fn what_never_ends_ends() {
    let begun = Instant::now();
    let said = refused(&format!("{F} macro_rules! m {{ ($($t:tt)*) => {{ m!($($t)* $($t)*); }} }} m!(a);"));
    assert!(said.contains("recursion limit") || said.contains("memory"), "{said}");
    let said = refused(&format!("{F} pub const X: u64 = {{ let mut i = 0u64; while i < u64::MAX {{ i += 1; }} i }};"));
    assert!(said.contains("taking a long time") || said.contains("long_running"), "{said}");
    let said = refused(&format!("{F} pub static X: [u8; 1 << 40] = [1; 1 << 40];"));
    assert!(!said.is_empty());
    let deep = format!("{F} pub const X: u32 = {}1{};", "(".repeat(100_000), ")".repeat(100_000));
    assert!(!refused(&deep).is_empty());
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}

#[test]
fn imports_of_the_sandbox_are_all_that_a_function_reaches() {
    // It compiles, and finds nothing: no file, no socket, no variable of the host.
    let sql =
        "CREATE TABLE t(x INT); CREATE FUNCTION f() RETURNS BOOLEAN NOT NULL; CREATE VIEW v AS SELECT f() AS y FROM t;";
    let rust = "pub fn f() -> Result<bool, Box<dyn std::error::Error>> {
        Ok(std::fs::read(\"/etc/passwd\").is_err() && std::fs::write(\"x\", \"y\").is_err()
            && std::net::TcpStream::connect(\"127.0.0.1:22\").is_err() && std::env::vars().count() == 0)
    }";
    match compile(sql, rust, "") {
        // Sockets and files are imports that components of our world have not.
        Err(CompileError::World(e)) => println!("refused: {e}"),
        Err(e) => panic!("{e}"),
        Ok(_) => {
            let views = start(sql, rust, "", 1).step(&[(vec![Value::I32(1)], 1)]).unwrap();
            assert_eq!(views[0], [(vec![Value::Bool(true)], 1)]);
        }
    }
}

#[test]
fn crates_are_fetched_built_and_used() {
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(s VARCHAR NOT NULL) RETURNS VARCHAR NOT NULL;
        CREATE VIEW v AS SELECT f('hello world') AS y FROM t;";
    let rust = "use weir_udf::*;
        pub fn f(s: SqlString) -> Result<SqlString, Box<dyn std::error::Error>> {
            let word = itoa::Buffer::new().format(s.len()).to_owned();
            Ok(format!(\"{word} {}\", paste::paste! { [<s>] }).into())
        }";
    // One plain crate, one with a macro that runs in the compiler.
    let toml = "itoa = \"1\"\npaste = { version = \"1\" }\n";
    let views = start(sql, rust, toml, 1).step(&[(vec![Value::I32(1)], 1)]).unwrap();
    assert_eq!(views[0], [(vec![Value::text("11 hello world")], 1)]);
    let Err(e) = compile(sql, rust, "itoa = { path = \"/tmp\" }") else { panic!("a path was taken") };
    assert!(e.to_string().contains("udf.toml: `itoa`: `path` is not taken"), "{e}");
}
