//! Arithmetic of compiled programs at its edges: rustc and LLVM are trusted with it, and have been wrong (see `TARGET_FEATURES`).
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod common;
#[path = "../../sql/tests/support/encode.rs"]
mod encode;

use common::{be_worker, shared};
use weir_compiler::{CancelToken, CompileRequest, Profile};
use weir_row::{SortLayout, Value};
use weir_runtime::{Engine, FailureKind, Pipeline, PipelineOptions, Program};

#[test]
fn compile_worker() {
    be_worker();
}

const SQL: &str = "CREATE TABLE t (a BIGINT NOT NULL, b BIGINT NOT NULL);
CREATE VIEW v AS SELECT a, b, a * b AS product, CAST(CAST(a AS VARCHAR) AS BIGINT) AS reread,
    CAST(a AS DECIMAL(38, 0)) * CAST(b AS DECIMAL(38, 0)) AS wide FROM t;";

#[test]
fn products_and_numbers_from_text_are_checked() {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    let engine = Engine::with_threads(2).unwrap();
    let circuit = weir_sql::compile(SQL).unwrap().circuit;
    for profile in [Profile::Dev, Profile::Optimized] {
        let request = CompileRequest { source: weir_sql::generate(&circuit), profile, user: None };
        let artifact = compiler.compile(&request, &CancelToken::new()).unwrap();
        let file = compiler.open_native(&artifact).unwrap();
        let program = Program::load_file(&engine, file, &artifact.native_sha256).unwrap();
        let open = || Pipeline::open(&program, PipelineOptions { workers: 1, ..PipelineOptions::default() }).unwrap();
        let feed = |pipeline: &mut Pipeline, a: i64, b: i64| {
            let row = vec![Value::I64(a), Value::I64(b)];
            pipeline.ingest(0, 0, vec![encode::block(&circuit, 0, &[row])])?;
            pipeline.step(0)
        };
        let layout = SortLayout::ascending(&circuit.views[0].columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
        let mut pipeline = open();
        // One after the other, since what was wrong before depended on the product before.
        let fitting = [
            (2, 3),
            (-2, 3),
            (-1, -1),
            (0, -5),
            (i64::MIN, 1),
            (3_000_000_000, 3_000_000_000),
            (-3_037_000_499, 3_037_000_499),
            (i64::MAX, -1),
            (1, i64::MAX),
        ];
        for (a, b) in fitting {
            feed(&mut pipeline, a, b).unwrap_or_else(|e| panic!("{profile:?} {a} * {b}: {e:?}"));
            let blocks = pipeline.delta(0).unwrap();
            let rows: Vec<_> = blocks.iter().flat_map(|b| b.iter()).map(|(r, _)| layout.decode(r).unwrap()).collect();
            let (x, y) = (Value::I64(a), Value::I64(b));
            let wide = Value::Dec(i128::from(a) * i128::from(b));
            assert_eq!(rows, [vec![x.clone(), y, Value::I64(a * b), x, wide]], "{profile:?}");
        }
        for (a, b) in [(i64::MIN, -1), (1 << 62, 4), (3_037_000_500, 3_037_000_500), (i64::MAX, 2), (-5, i64::MAX)] {
            let failure = feed(&mut open(), a, b).unwrap_err();
            assert_eq!(failure.kind, FailureKind::SqlError, "{profile:?} {a} * {b}: {failure:?}");
            assert!(failure.message.contains("attempt to multiply with overflow"), "{failure:?}");
        }
    }
}
