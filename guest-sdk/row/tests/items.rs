//! Items: what is written is read, order is SQL's, and bytes that are no item are refused and never a panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::cmp::Ordering;
use weir_row::{Item, ItemWriter, View, item};

/// A value with its type, as a tree.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Tree {
    Null,
    VariantNull,
    Bool(bool),
    I8(i8),
    I64(i64),
    U64(u64),
    F64(f64),
    Dec(i128, u8),
    Text(String),
    Ts(i64),
    Bytes(Vec<u8>),
    Uuid(u128),
    Array(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Row(Vec<Tree>),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(prop_oneof![Just("a"), Just("\0"), Just("é"), Just("b\0\u{ff}")], 0..6).prop_map(|v| v.concat()),
        any::<String>()
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        Just(Tree::VariantNull),
        any::<bool>().prop_map(Tree::Bool),
        any::<i8>().prop_map(Tree::I8),
        any::<i64>().prop_map(Tree::I64),
        any::<u64>().prop_map(Tree::U64),
        (-1e9f64..1e9).prop_map(Tree::F64),
        (-9999i128..9999, 0u8..6).prop_map(|(u, s)| Tree::Dec(u, s)),
        text().prop_map(Tree::Text),
        any::<i64>().prop_map(Tree::Ts),
        vec(any::<u8>(), 0..9).prop_map(Tree::Bytes),
        any::<u128>().prop_map(Tree::Uuid),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Tree::Array),
            vec(inner.clone(), 0..4).prop_map(Tree::Row),
            btree_map(text(), inner, 0..4)
                .prop_map(|m| Tree::Map(m.into_iter().map(|(k, v)| (Tree::Text(k), v)).collect())),
        ]
    })
}

fn write(tree: &Tree, out: &mut ItemWriter) {
    match tree {
        Tree::Null => out.null(),
        Tree::VariantNull => out.variant_null(),
        Tree::Bool(v) => out.bool(*v),
        Tree::I8(v) => out.i8(*v),
        Tree::I64(v) => out.i64(*v),
        Tree::U64(v) => out.u64(*v),
        Tree::F64(v) => out.f64(*v),
        Tree::Dec(u, s) => out.dec(*u, *s),
        Tree::Text(s) => out.text(s),
        Tree::Ts(v) => out.ts(*v),
        Tree::Bytes(b) => out.binary(b),
        Tree::Uuid(v) => out.uuid(*v),
        Tree::Array(items) => {
            out.begin_array();
            items.iter().for_each(|i| write(i, out));
            out.end();
        }
        Tree::Map(entries) => {
            out.begin_map();
            entries.iter().for_each(|(k, v)| {
                write(k, out);
                write(v, out);
            });
            out.end();
        }
        Tree::Row(items) => {
            out.begin_row();
            items.iter().for_each(|i| write(i, out));
            out.end();
        }
    }
}

fn read(of: Item<'_>) -> Tree {
    match of.view() {
        View::Null => Tree::Null,
        View::VariantNull => Tree::VariantNull,
        View::Bool(v) => Tree::Bool(v),
        View::I8(v) => Tree::I8(v),
        View::I64(v) => Tree::I64(v),
        View::U64(v) => Tree::U64(v),
        View::F64(v) => Tree::F64(v),
        View::Dec(u, s) => Tree::Dec(u, s),
        View::Text(s) => Tree::Text(s.into_owned()),
        View::Ts(v) => Tree::Ts(v),
        View::Bytes(b) => Tree::Bytes(b.into_owned()),
        View::Uuid(v) => Tree::Uuid(v),
        View::Array(items) => Tree::Array(items.map(read).collect()),
        View::Row(items) => Tree::Row(items.map(read).collect()),
        View::Map(mut items) => {
            let mut entries = vec![];
            while let (Some(k), Some(v)) = (items.next(), items.next()) {
                entries.push((read(k), read(v)));
            }
            Tree::Map(entries)
        }
        other => panic!("{other:?}"),
    }
}

/// Decimals without trailing zeros, as items give them back.
fn normal(tree: &Tree) -> Tree {
    match tree {
        Tree::Dec(0, _) => Tree::Dec(0, 0),
        Tree::Dec(u, s) if *s > 0 && u % 10 == 0 => normal(&Tree::Dec(u / 10, s - 1)),
        Tree::Array(items) => Tree::Array(items.iter().map(normal).collect()),
        Tree::Row(items) => Tree::Row(items.iter().map(normal).collect()),
        Tree::Map(entries) => Tree::Map(entries.iter().map(|(k, v)| (normal(k), normal(v))).collect()),
        other => other.clone(),
    }
}

fn bytes(tree: &Tree) -> Vec<u8> {
    let mut out = ItemWriter::new();
    write(tree, &mut out);
    out.finish()
}

/// SQL's order of decimals.
fn cmp_decimals((a, s): (i128, u8), (b, t): (i128, u8)) -> Ordering {
    (a * 10i128.pow(t.into())).cmp(&(b * 10i128.pow(s.into())))
}

proptest! {
    #[test]
    fn what_is_written_is_read(tree in tree()) {
        let bytes = bytes(&tree);
        prop_assert_eq!(read(Item::new(&bytes)), normal(&tree));
        prop_assert_eq!(item::validate(&bytes), tree != Tree::Null);
    }

    #[test]
    fn containers_are_walked_item_by_item(trees in vec(tree(), 0..6)) {
        let bytes = bytes(&Tree::Array(trees.clone()));
        let items: Vec<Tree> = Item::new(&bytes).items().map(read).collect();
        prop_assert_eq!(items, trees.iter().map(normal).collect::<Vec<_>>());
    }

    #[test]
    fn bytes_are_ordered_as_values(a in vec(tree(), 0..4), b in vec(tree(), 0..4)) {
        // Decimals in trees have no order in Rust; they have a test of their own.
        let plain = |t: &[Tree]| !format!("{t:?}").contains("Dec");
        prop_assume!(plain(&a) && plain(&b));
        let (x, y) = (bytes(&Tree::Array(a.clone())), bytes(&Tree::Array(b.clone())));
        prop_assert_eq!(x.cmp(&y), a.partial_cmp(&b).unwrap());
    }

    #[test]
    fn decimals_are_ordered_as_numbers(a in -99_999i128..99_999, s in 0u8..8, b in -99_999i128..99_999, t in 0u8..8) {
        let (x, y) = (bytes(&Tree::Dec(a, s)), bytes(&Tree::Dec(b, t)));
        prop_assert_eq!(x.cmp(&y), cmp_decimals((a, s), (b, t)));
    }

    #[test]
    fn decimals_of_38_digits(units in -(10i128.pow(38) - 1)..10i128.pow(38), scale in 0u8..=38) {
        prop_assert_eq!(read(Item::new(&bytes(&Tree::Dec(units, scale)))), normal(&Tree::Dec(units, scale)));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(prop_oneof![0u8..30, any::<u8>()], 0..60)) {
        let of = Item::new(&bytes);
        let valid = item::validate(&bytes);
        let shown = format!("{:?}", of.view());
        let mut count = 0;
        for i in of.items() {
            count += i.bytes().len();
        }
        prop_assert!(count <= bytes.len() && !shown.is_empty());
        if valid {
            let mut out = ItemWriter::new();
            out.item(of);
            prop_assert_eq!(out.finish(), bytes);
        }
    }

    #[test]
    fn a_damaged_item_is_refused_or_another_item(tree in tree(), at in any::<prop::sample::Index>(), b in any::<u8>()) {
        let mut bytes = bytes(&tree);
        let i = at.index(bytes.len());
        bytes[i] = b;
        if item::validate(&bytes) {
            // Whatever is valid has one form only: what is read of it is written the same.
            let again = std::panic::catch_unwind(|| read(Item::new(&bytes)));
            if let Ok(again) = again {
                prop_assert_eq!(self::bytes(&again), bytes);
            }
        }
    }
}

#[test]
fn deep_containers_are_refused() {
    let deep = |n: usize| {
        let mut out = ItemWriter::new();
        (0..n).for_each(|_| out.begin_array());
        (0..n).for_each(|_| out.end());
        out.finish()
    };
    assert!(item::validate(&deep(item::DEPTH_MAX)));
    assert!(!item::validate(&deep(item::DEPTH_MAX + 2)));
    // Walking does not use the stack.
    assert_eq!(Item::new(&deep(1_000_000)).items().count(), 1);
}
