//! The queries of Nexmark once more, over all events at once: loops, hash maps and sorting, nothing of Weir but the events and values to
//! compare with. What is said here is what the benchmark means, not what `examples/nexmark` says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use weir_io::{Auction, Bid, Nexmark, NexmarkEvent, Person};
use weir_row::Value;
use weir_row::Value::{I32, I64};

/// Rows, each with how often it is there.
pub(crate) type Bag = BTreeMap<Vec<Value>, i64>;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2015-07-01 00:00:00 in microseconds since 1970: no stream of the tests leaves that month.
const JULY: i64 = 1_435_708_800 * SECOND;

/// What came in.
#[derive(Default)]
pub(crate) struct House {
    people: Vec<Person>,
    auctions: Vec<Auction>,
    bids: Vec<Bid>,
}

fn text(s: impl AsRef<str>) -> Value {
    Value::Text(s.as_ref().into())
}

fn ts(us: i64) -> Value {
    Value::Ts(us)
}

fn date(us: i64) -> Value {
    Value::Date(us.div_euclid(DAY) as i32)
}

fn day_text(us: i64) -> Value {
    text(format!("2015-07-{:02}", (us - JULY) / DAY + 1))
}

fn minute_text(us: i64) -> Value {
    text(format!("{:02}:{:02}", us.rem_euclid(DAY) / HOUR, us.rem_euclid(HOUR) / MINUTE))
}

/// Price in euros, in thousandths of a cent.
fn euros(price: i64) -> i128 {
    i128::from(price) * 908
}

/// The start of the ten seconds that a time lies in.
fn ten_seconds(us: i64) -> i64 {
    us - us.rem_euclid(10 * SECOND)
}

fn bag(rows: impl IntoIterator<Item = Vec<Value>>) -> Bag {
    let mut out = Bag::new();
    rows.into_iter().for_each(|row| *out.entry(row).or_default() += 1);
    out
}

/// Which third of all bids a price belongs to: 1, 2 or 3.
fn rank(price: i64) -> usize {
    match price {
        ..10_000 => 1,
        10_000..1_000_000 => 2,
        _ => 3,
    }
}

/// Bids of all prices, then of the three ranges, counted by what `of` says is the same.
fn counts<T: std::hash::Hash + Eq>(bids: &[&Bid], of: impl Fn(&Bid) -> T) -> Vec<Value> {
    let mut seen: [HashSet<T>; 4] = Default::default();
    for bid in bids {
        seen[0].insert(of(bid));
        seen[rank(bid.price)].insert(of(bid));
    }
    seen.iter().map(|s| I64(s.len() as i64)).collect()
}

impl House {
    /// The events of some ranges.
    pub(crate) fn new(stream: &Nexmark, ranges: &[std::ops::Range<u64>]) -> House {
        let mut house = House::default();
        for n in ranges.iter().cloned().flatten() {
            match stream.event(n) {
                NexmarkEvent::Person(p) => house.people.push(p),
                NexmarkEvent::Auction(a) => house.auctions.push(a),
                NexmarkEvent::Bid(b) => house.bids.push(b),
            }
        }
        house
    }

    fn of_each_bid(&self, row: impl Fn(&Bid) -> Option<Vec<Value>>) -> Bag {
        bag(self.bids.iter().filter_map(row))
    }

    fn by<K: std::hash::Hash + Eq>(&self, key: impl Fn(&Bid) -> K) -> HashMap<K, Vec<&Bid>> {
        let mut out: HashMap<K, Vec<&Bid>> = HashMap::new();
        self.bids.iter().for_each(|b| out.entry(key(b)).or_default().push(b));
        out
    }

    /// Auctions with the bids made while they were open.
    fn open_bids(&self) -> Vec<(&Auction, Vec<&Bid>)> {
        let by_auction = self.by(|b| b.auction);
        let bids = |a: &Auction| {
            let all = by_auction.get(&a.id).cloned().unwrap_or_default();
            all.into_iter().filter(|b| (a.date_time..=a.expires).contains(&b.date_time)).collect()
        };
        self.auctions.iter().map(|a| (a, bids(a))).collect()
    }

    fn winners(&self) -> Vec<(&Auction, &Bid)> {
        self.open_bids()
            .into_iter()
            .filter_map(|(a, bids)| Some((a, bids.into_iter().min_by_key(|b| (Reverse(b.price), b.date_time))?)))
            .collect()
    }

    /// What query `n` gives.
    pub(crate) fn query(&self, n: usize) -> Bag {
        match n {
            0 => self.of_each_bid(|b| {
                Some(vec![I64(b.auction), I64(b.bidder), I64(b.price), ts(b.date_time), text(&b.extra)])
            }),
            1 => self.of_each_bid(|b| {
                Some(vec![I64(b.auction), I64(b.bidder), Value::Dec(euros(b.price)), ts(b.date_time), text(&b.extra)])
            }),
            2 => self.of_each_bid(|b| (b.auction % 123 == 0).then(|| vec![I64(b.auction), I64(b.price)])),
            3 => self.local_items(),
            4 => self.categories(),
            5 => self.hot_items(),
            6 => self.sellers(),
            7 => bag(self.by(|b| ten_seconds(b.date_time)).into_values().flat_map(|bids| {
                let highest = bids.iter().map(|b| b.price).max();
                let row = |b: &Bid| vec![I64(b.auction), I64(b.price), I64(b.bidder), ts(b.date_time), text(&b.extra)];
                bids.into_iter().filter(|b| Some(b.price) == highest).map(row).collect::<Vec<_>>()
            })),
            8 => self.newcomers(),
            9 => bag(self.winners().into_iter().map(|(a, b)| {
                let mut row = vec![I64(a.id)];
                row.extend(of_auction(a));
                row.extend([I64(a.seller), I64(a.category), text(&a.extra)]);
                row.extend([I64(b.auction), I64(b.bidder), I64(b.price), ts(b.date_time), text(&b.extra)]);
                row
            })),
            10 => self.of_each_bid(|b| {
                let mut row = vec![I64(b.auction), I64(b.bidder), I64(b.price), ts(b.date_time), text(&b.extra)];
                row.extend([day_text(b.date_time), minute_text(b.date_time)]);
                Some(row)
            }),
            11 => self.sessions(),
            12 => bag(self.by(|b| (b.bidder, ten_seconds(b.date_time))).into_iter().map(|((bidder, start), bids)| {
                vec![I64(bidder), I64(bids.len() as i64), ts(start), ts(start + 10 * SECOND)]
            })),
            13 => self.of_each_bid(|b| {
                let value = text(format!("value {}", b.auction % 10_000));
                Some(vec![I64(b.auction), I64(b.bidder), I64(b.price), ts(b.date_time), value])
            }),
            14 => self.of_each_bid(calculated),
            15 => bag(self.by(|b| b.date_time.div_euclid(DAY)).into_values().map(|bids| {
                let mut row = vec![date(bids[0].date_time)];
                row.extend(statistics(&bids));
                row
            })),
            16 => bag(self.by(|b| (b.channel.clone(), b.date_time.div_euclid(DAY))).into_values().map(|bids| {
                let last = bids.iter().map(|b| b.date_time).max().unwrap_or_default();
                let mut row = vec![text(&bids[0].channel), date(last), minute_text(last)];
                row.extend(statistics(&bids));
                row
            })),
            17 => bag(self.by(|b| (b.auction, b.date_time.div_euclid(DAY))).into_values().map(|bids| {
                let mut prices: Vec<i64> = bids.iter().map(|b| b.price).collect();
                prices.sort_unstable();
                let (sum, count) = (prices.iter().sum::<i64>(), prices.len());
                let mut row = vec![I64(bids[0].auction), date(bids[0].date_time)];
                row.extend(counts(&bids, |b| b.date_time));
                row.extend([I64(prices[0]), I64(prices[count - 1]), I64(sum / count as i64), I64(sum)]);
                row
            })),
            18 => bag(self
                .by(|b| (b.bidder, b.auction))
                .into_values()
                .filter_map(|bids| bids.into_iter().max_by_key(|b| b.date_time).map(whole))),
            19 => bag(self.by(|b| b.auction).into_values().flat_map(|mut bids| {
                bids.sort_by_key(|b| (Reverse(b.price), b.date_time));
                let numbered = (1..=10).zip(bids).map(|(number, b)| [whole(b), vec![I64(number)]].concat());
                numbered.collect::<Vec<_>>()
            })),
            20 => self.expanded(),
            21 => self.of_each_bid(|b| {
                let id = match b.channel.as_str() {
                    "Apple" => "0",
                    "Google" => "1",
                    "Facebook" => "2",
                    "Baidu" => "3",
                    _ => b.url.split_once("channel_id=")?.1,
                };
                Some(vec![I64(b.auction), I64(b.bidder), I64(b.price), text(&b.channel), text(id)])
            }),
            22 => self.of_each_bid(|b| {
                let mut row = vec![I64(b.auction), I64(b.bidder), I64(b.price), text(&b.channel)];
                let mut parts = b.url.split('/').skip(3);
                row.extend((0..3).map(|_| text(parts.next().unwrap_or_default())));
                Some(row)
            }),
            _ => panic!("there is no query {n}"),
        }
    }

    fn local_items(&self) -> Bag {
        let mut rows = vec![];
        for a in self.auctions.iter().filter(|a| a.category == 10) {
            for p in self.people.iter().filter(|p| p.id == a.seller && ["OR", "ID", "CA"].contains(&p.state)) {
                rows.push(vec![text(&p.name), text(p.city), text(p.state), I64(a.id)]);
            }
        }
        bag(rows)
    }

    fn categories(&self) -> Bag {
        let mut of: HashMap<i64, Vec<i64>> = HashMap::new();
        self.winners().into_iter().for_each(|(a, b)| of.entry(a.category).or_default().push(b.price));
        bag(of.into_iter().map(|(category, f)| vec![I64(category), I64(f.iter().sum::<i64>() / f.len() as i64)]))
    }

    fn hot_items(&self) -> Bag {
        let mut of: BTreeMap<i64, HashMap<i64, i64>> = BTreeMap::new();
        for b in &self.bids {
            let last = b.date_time - b.date_time.rem_euclid(2 * SECOND);
            for start in (0..5).map(|back| last - back * 2 * SECOND) {
                *of.entry(start).or_default().entry(b.auction).or_default() += 1;
            }
        }
        bag(of.into_iter().flat_map(|(start, counts)| {
            let most = counts.values().max().copied();
            let hot = counts.into_iter().filter(move |(_, n)| Some(*n) == most);
            hot.map(move |(auction, n)| vec![I64(auction), I64(n), ts(start), ts(start + 10 * SECOND)])
        }))
    }

    fn sellers(&self) -> Bag {
        let mut won: HashMap<i64, Vec<(i64, i64, i64)>> = HashMap::new();
        for (a, b) in self.winners() {
            won.entry(a.seller).or_default().push((b.date_time, a.id, b.price));
        }
        let mut rows = vec![];
        for (seller, mut sold) in won {
            sold.sort_unstable();
            for (i, (_, id, _)) in sold.iter().enumerate() {
                let last = &sold[i.saturating_sub(10)..=i];
                let mean = last.iter().map(|(_, _, price)| price).sum::<i64>() / last.len() as i64;
                rows.push(vec![I64(seller), I64(*id), I64(mean)]);
            }
        }
        bag(rows)
    }

    fn newcomers(&self) -> Bag {
        let sellers: HashSet<_> = self.auctions.iter().map(|a| (a.seller, ten_seconds(a.date_time))).collect();
        let came = self.people.iter().map(|p| (p, ten_seconds(p.date_time)));
        let rows = came.filter(|(p, start)| sellers.contains(&(p.id, *start)));
        bag(rows.map(|(p, start)| vec![I64(p.id), text(&p.name), ts(start)]))
    }

    fn sessions(&self) -> Bag {
        let mut rows = vec![];
        for (bidder, bids) in self.by(|b| b.bidder) {
            let mut times: Vec<i64> = bids.iter().map(|b| b.date_time).collect();
            times.sort_unstable();
            for session in times.chunk_by(|a, b| b - a < 10 * SECOND) {
                let (first, last) = (session[0], session[session.len() - 1]);
                rows.push(vec![I64(bidder), I64(session.len() as i64), ts(first), ts(last + 10 * SECOND)]);
            }
        }
        bag(rows)
    }

    fn expanded(&self) -> Bag {
        let by_auction = self.by(|b| b.auction);
        let mut rows = vec![];
        for a in self.auctions.iter().filter(|a| a.category == 10) {
            for b in by_auction.get(&a.id).into_iter().flatten() {
                let mut row = whole(b);
                row.extend(of_auction(a));
                row.extend([I64(a.seller), I64(a.category), text(&a.extra)]);
                rows.push(row);
            }
        }
        bag(rows)
    }
}

/// From the name on to when it ends.
fn of_auction(a: &Auction) -> Vec<Value> {
    let (name, about) = (text(&a.item_name), text(&a.description));
    vec![name, about, I64(a.initial_bid), I64(a.reserve), ts(a.date_time), ts(a.expires)]
}

fn whole(b: &Bid) -> Vec<Value> {
    let how = [text(&b.channel), text(&b.url)];
    [&[I64(b.auction), I64(b.bidder), I64(b.price)][..], &how, &[ts(b.date_time), text(&b.extra)]].concat()
}

fn statistics(bids: &[&Bid]) -> Vec<Value> {
    // No two bids have the same time.
    [counts(bids, |b| b.date_time), counts(bids, |b| b.bidder), counts(bids, |b| b.auction)].concat()
}

fn calculated(b: &Bid) -> Option<Vec<Value>> {
    let price = euros(b.price);
    let time = match b.date_time.rem_euclid(DAY) / HOUR {
        8..=18 => "dayTime",
        0..=6 | 20.. => "nightTime",
        _ => "otherTime",
    };
    let c = b.extra.bytes().filter(|c| *c == b'c').count() as i32;
    let row = || {
        let what = [I64(b.auction), I64(b.bidder), Value::Dec(price), text(time)];
        [&what[..], &[ts(b.date_time), text(&b.extra), I32(c)]].concat()
    };
    (price > 1_000_000_000 && price < 50_000_000_000).then(row)
}
