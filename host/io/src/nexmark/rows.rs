//! Events as rows of the tables `person`, `auction` and `bid` (`examples/nexmark/tables.sql`), and as JSON.

use super::{Nexmark, NexmarkEvent};
use crate::changes::TableDraft;
use crate::{Changes, TableColumns, find_relation};
use serde_json::json;
use std::sync::Arc;
use weir_circuit::Circuit;
use weir_functions::forms;
use weir_row::ValueRef::{I64, Text, Ts};

/// Turns events into changes of a program's tables.
#[derive(Debug)]
pub struct NexmarkRows {
    /// `person`, `auction`, `bid`: the table's index and columns.
    tables: [(usize, Arc<TableColumns>); 3],
}

impl NexmarkRows {
    /// For the tables of a program.
    ///
    /// # Errors
    /// The name of a table that the program does not have with the columns of Nexmark.
    pub fn new(circuit: &Circuit) -> Result<NexmarkRows, String> {
        let find = |name: &str, columns: usize| {
            let names = circuit.tables.iter().map(|t| t.name.as_str());
            let table = find_relation(name, names).filter(|t| circuit.tables[*t].columns.len() == columns);
            let table = table.ok_or_else(|| format!("the program has no table '{name}' of {columns} columns"))?;
            Ok::<_, String>((table, Arc::new(TableColumns::new(&circuit.tables[table]))))
        };
        Ok(NexmarkRows { tables: [find("person", 8)?, find("auction", 10)?, find("bid", 7)?] })
    }

    /// Makes the events of `range`; returns each table's index with its changes.
    ///
    /// # Errors
    /// A column of another type than Nexmark's.
    pub fn changes(
        &self,
        stream: &Nexmark,
        range: std::ops::Range<u64>,
        workers: usize,
    ) -> Result<Vec<(usize, Changes)>, String> {
        let mut changes: Vec<Changes> = self.tables.iter().map(|(_, t)| Changes::new(t, workers)).collect();
        let mut drafts: Vec<TableDraft<'_>> = self.tables.iter().map(|(_, t)| TableDraft::new(t)).collect();
        for n in range {
            let event = stream.event(n);
            let (kind, values): (usize, Vec<weir_row::ValueRef<'_>>) = match &event {
                NexmarkEvent::Person(p) => (
                    0,
                    vec![
                        I64(p.id),
                        Text(&p.name),
                        Text(&p.email_address),
                        Text(&p.credit_card),
                        Text(p.city),
                        Text(p.state),
                        Ts(p.date_time),
                        Text(&p.extra),
                    ],
                ),
                NexmarkEvent::Auction(a) => (
                    1,
                    vec![
                        I64(a.id),
                        Text(&a.item_name),
                        Text(&a.description),
                        I64(a.initial_bid),
                        I64(a.reserve),
                        Ts(a.date_time),
                        Ts(a.expires),
                        I64(a.seller),
                        I64(a.category),
                        Text(&a.extra),
                    ],
                ),
                NexmarkEvent::Bid(b) => (
                    2,
                    vec![
                        I64(b.auction),
                        I64(b.bidder),
                        I64(b.price),
                        Text(&b.channel),
                        Text(&b.url),
                        Ts(b.date_time),
                        Text(&b.extra),
                    ],
                ),
            };
            let draft = &mut drafts[kind];
            for (column, value) in values.into_iter().enumerate() {
                draft.set(column, value).map_err(|e| e.to_string())?;
            }
            draft.insert(1, &mut changes[kind]).map_err(|e| e.description)?;
        }
        Ok(self.tables.iter().map(|(table, _)| *table).zip(changes).collect())
    }
}

impl NexmarkEvent {
    /// The table that the event belongs to.
    pub fn table(&self) -> &'static str {
        match self {
            NexmarkEvent::Person(_) => "person",
            NexmarkEvent::Auction(_) => "auction",
            NexmarkEvent::Bid(_) => "bid",
        }
    }

    /// The row as a JSON object.
    pub fn json(&self) -> serde_json::Value {
        match self {
            NexmarkEvent::Person(p) => json!({ "id": p.id, "name": p.name, "email_address": p.email_address,
                "credit_card": p.credit_card, "city": p.city, "state": p.state, "date_time": forms::timestamp(p.date_time), "extra": p.extra }),
            NexmarkEvent::Auction(a) => json!({ "id": a.id, "item_name": a.item_name, "description": a.description,
                "initial_bid": a.initial_bid, "reserve": a.reserve, "date_time": forms::timestamp(a.date_time),
                "expires": forms::timestamp(a.expires), "seller": a.seller, "category": a.category, "extra": a.extra }),
            NexmarkEvent::Bid(b) => {
                json!({ "auction": b.auction, "bidder": b.bidder, "price": b.price, "channel": b.channel,
                "url": b.url, "date_time": forms::timestamp(b.date_time), "extra": b.extra })
            }
        }
    }
}
