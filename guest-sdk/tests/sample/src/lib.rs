//! A hand-written program in just the shape that the Rust generator prints: the reference for generated code.
//!
//! ```sql
//! CREATE TABLE customer (id INT NOT NULL PRIMARY KEY, name VARCHAR, country VARCHAR NOT NULL) WITH ('materialized' = 'true');
//! CREATE TABLE orders (id BIGINT NOT NULL, customer INT NOT NULL, item VARCHAR NOT NULL, cents BIGINT);
//! CREATE VIEW large AS SELECT id, cents * 2 AS twice, item FROM orders WHERE cents > 1000;
//! CREATE MATERIALIZED VIEW named AS SELECT o.id, c.name, o.item FROM orders o JOIN customer c ON o.customer = c.id;
//! CREATE VIEW per_customer AS SELECT customer, SUM(cents) AS total, COUNT(*) AS n, MAX(item) AS last FROM orders GROUP BY customer;
//! CREATE MATERIALIZED VIEW all_orders AS SELECT o.id, c.name FROM orders o LEFT JOIN customer c ON o.customer = c.id;
//! CREATE VIEW items AS SELECT DISTINCT item FROM orders;
//! ```
//!
//! What a generator needs to know:
//!
//! * Every operator with state is a field `n<node>`; `program!` makes the struct, its constructor and its place among the
//!   exports. `step` is a straight line in the order of the nodes. Flat results are locals (`Rows`), keyed results live in
//!   their operator (`Index`, `Distinct`, `KeyedTable`: all of them `Keyed`; read as a flat stream by `.delta()`).
//! * Layouts are given to operators as text: [`weir_row::Layout::text`] prints it, e.g. `"i64 i32 text i64?"`.
//! * The row functions read rows with a `Shape` per layout: `weir_row::Layout` has its numbers (`fixed_words`, `slot(i)`,
//!   `wide_slots`, `texts`). `stride` of a result is `Layout::stride()`: its fixed words, or 0 when rows vary in length.
//! * A row is written as its fixed slots in column order (`put`), then for each nullable BIGINT-like column its escape
//!   (`escape_i64`, `escape_u64`, `copy_escape`), then its texts in column order, then `end(weight)`. Rows of an index are
//!   the key's layout, then the value's, written one after the other before one `end`.
//! * A column that is only passed on is copied as words, never decoded.
#![allow(unused, clippy::all)]
use weir_sdk::prelude::*;

program! {
    CIRCUIT;
    n0: KeyedTable = KeyedTable::new(0, 0, "i32", "text? text", &[0]).materialized();
    n1: Table = Table::new(1, 1, "i64 i32 text i64?");
    n3: Output = Output::new(3, 0, "i64 i64? text");
    n4: Index = Index::new(4, "i32", "i64 text").exchange().trace();
    n5: Index = Index::new(5, "i32", "text?").trace();
    n7: Output = Output::new(7, 1, "i64 text? text").materialized();
    n8: Index = Index::new(8, "i32", "i64?").exchange();
    n9: Index = Index::new(9, "i32", "text").exchange().trace();
    n10: Aggregate = Aggregate::new(10, "i32", 4, vec![Part::linear(acc_10_0), Part::max("text")]);
    n11: Output = Output::new(11, 2, "i32 i64? i64 text");
    n16: Output = Output::new(16, 3, "i64 text?").materialized();
    n17: Index = Index::new(17, "text", "").exchange().trace();
    n18: Distinct = Distinct::new(18);
    n19: Output = Output::new(19, 4, "text");
}

impl Program {
    fn step(&mut self, cx: &mut Context) {
        self.n0.step(cx);
        let n1 = self.n1.step(cx);
        let n2 = map(cx, 2, 0, &n1, &map_2);
        self.n3.step(cx, &n2);
        self.n4.step(cx, &n1, &index_4);
        self.n5.step(cx, self.n0.delta(), &index_5);
        let n6 = join(cx, 6, 0, &self.n4, &self.n5, &join_6);
        self.n7.step(cx, &n6);
        self.n8.step(cx, &n1, &index_8);
        self.n9.step(cx, &n1, &index_9);
        let n10 = self.n10.step(cx, 0, &[&self.n8, &self.n9], &emit_10);
        self.n11.step(cx, &n10);
        let n12 = join(cx, 12, 0, &self.n4, &self.n5, &join_12);
        let n13 = antijoin(cx, 13, 0, &self.n4, &self.n5, None, &map_13);
        let n14 = union(cx, 14, &[&n12, &n13]);
        self.n16.step(cx, &n14);
        self.n17.step(cx, &n1, &index_17);
        self.n18.step(cx, &self.n17);
        self.n19.step(cx, self.n18.delta());
    }
}

/// orders: id, customer, item, cents
const S1: Shape = Shape::new(3, &[2], 1);

/// large: WHERE cents > 1000, SELECT id, cents * 2, item
fn map_2(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        let c3 = S1.i64_null(r, 2);
        let v0 = match c3 {
            Some(a) => Some(a > 1000),
            None => None,
        };
        if v0 != Some(true) {
            continue;
        }
        let v1 = match c3 {
            Some(a) => Some(cx.ok(a.checked_mul(2).ok_or("overflow of BIGINT"), 3, 39)),
            None => None,
        };
        let t0 = S1.first_text(r);
        out.put([r[0], enc::i64_null(v1)]);
        out.escape_i64(v1);
        out.copy_text(r, t0);
        out.end(w);
    }
}

/// orders by customer: id, item
fn index_4(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        let t0 = S1.first_text(r);
        out.put([r[1]]);
        out.put([r[0]]);
        out.copy_text(r, t0);
        out.end(w);
    }
}

/// customer by id: name
fn index_5(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        out.put([r[0]]);
        out.copy_text(r, 1);
        out.end(w);
    }
}

/// named: id, name, item
fn join_6(cx: &Context, pairs: Pairs<'_>, out: &mut RowWriter) {
    for (l, r, w) in pairs {
        out.put([l[1]]);
        out.copy_text(r, 1);
        out.copy_text(l, 2);
        out.end(w);
    }
}

/// orders by customer: cents
fn index_8(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        out.put([r[1]]);
        out.put([r[2]]);
        out.copy_escape(&S1, r, 2);
        out.end(w);
    }
}

/// orders by customer: item
fn index_9(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        let t0 = S1.first_text(r);
        out.put([r[1]]);
        out.copy_text(r, t0);
        out.end(w);
    }
}

/// The value of node 8: cents
const V8: Shape = Shape::new(1, &[0], 0);

/// COUNT(*) in word 0; SUM(cents): the count of its arguments in word 1, their sum in words 2 and 3.
fn acc_10_0(cx: &Context, rows: Chunk<'_>, acc: &mut [u64]) {
    for (r, w) in rows {
        let v = &r[1..];
        acc::count(acc, 0, w);
        if let Some(a) = V8.i64_null(v, 0) {
            acc::count(acc, 1, w);
            acc::sum(acc, 2, i128::from(a), w);
        }
    }
}

/// Rows of state: the key, 4 words of accumulators, then the results of the other parts one after the other.
fn emit_10(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        let a = &r[1..];
        let v0 = if acc::get_count(a, 1) == 0 { None } else { Some(cx.ok(i64::try_from(acc::get_sum(a, 2)), 5, 48)) };
        let v1 = acc::get_count(a, 0);
        out.put([r[0], enc::i64_null(v0), enc::i64(v1)]);
        out.escape_i64(v0);
        out.copy_text(a, 4);
        out.end(w);
    }
}

/// all_orders, with a customer: id, name
fn join_12(cx: &Context, pairs: Pairs<'_>, out: &mut RowWriter) {
    for (l, r, w) in pairs {
        out.put([l[1]]);
        out.copy_text(r, 1);
        out.end(w);
    }
}

/// all_orders, without one: id, NULL
fn map_13(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        out.put([r[1]]);
        out.put_text_null(None);
        out.end(w);
    }
}

/// orders by item; text is decoded and written again here only to show how
fn index_17(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    for (r, w) in rows {
        let t0 = S1.first_text(r);
        let c2 = cx.text(r, t0);
        out.put_text(c2);
        out.end(w);
    }
}

const CIRCUIT: &str = r#"{"tables":[
{"name":"customer","case_sensitive":false,"columns":[
{"name":"id","case_sensitive":false,"ty":{"sql":"integer","nullable":false}},
{"name":"name","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":true}},
{"name":"country","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}}],
"primary_key":[0],"materialized":true},
{"name":"orders","case_sensitive":false,"columns":[
{"name":"id","case_sensitive":false,"ty":{"sql":"big_int","nullable":false}},
{"name":"customer","case_sensitive":false,"ty":{"sql":"integer","nullable":false}},
{"name":"item","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}},
{"name":"cents","case_sensitive":false,"ty":{"sql":"big_int","nullable":true}}],
"primary_key":null,"materialized":false}],
"views":[
{"name":"large","case_sensitive":false,"columns":[
{"name":"id","case_sensitive":false,"ty":{"sql":"big_int","nullable":false}},
{"name":"twice","case_sensitive":false,"ty":{"sql":"big_int","nullable":true}},
{"name":"item","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}}],"materialized":false},
{"name":"named","case_sensitive":false,"columns":[
{"name":"id","case_sensitive":false,"ty":{"sql":"big_int","nullable":false}},
{"name":"name","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":true}},
{"name":"item","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}}],"materialized":true},
{"name":"per_customer","case_sensitive":false,"columns":[
{"name":"customer","case_sensitive":false,"ty":{"sql":"integer","nullable":false}},
{"name":"total","case_sensitive":false,"ty":{"sql":"big_int","nullable":true}},
{"name":"n","case_sensitive":false,"ty":{"sql":"big_int","nullable":false}},
{"name":"last","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}}],"materialized":false},
{"name":"all_orders","case_sensitive":false,"columns":[
{"name":"id","case_sensitive":false,"ty":{"sql":"big_int","nullable":false}},
{"name":"name","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":true}}],"materialized":true},
{"name":"items","case_sensitive":false,"columns":[
{"name":"item","case_sensitive":false,"ty":{"sql":{"varchar":null},"nullable":false}}],"materialized":false}],
"nodes":[]}"#;
