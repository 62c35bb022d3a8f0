//! The events.

use super::random::Random;
use std::fmt::Write;

/// Events of one round: a person, then auctions, then bids.
const ROUND: u64 = 50;
const PERSONS: u64 = 1;
const AUCTIONS: u64 = 3;
/// The first identifiers.
const FIRST_ID: u64 = 1_000;
const FIRST_CATEGORY: u64 = 10;
const CATEGORIES: u64 = 5;
/// People that still do something, and auctions that are open.
const ACTIVE_PEOPLE: u64 = 1_000;
const OPEN_AUCTIONS: u64 = 100;
/// One in so many events is about someone or something at random; the rest is about the hot one of so many.
const HOT_SELLERS: u64 = 4;
const HOT_AUCTIONS: u64 = 2;
const HOT_BIDDERS: u64 = 4;
const HOT_STRETCH: u64 = 100;
/// Bytes of an event as the benchmark has them; what is missing is filled up.
const PERSON_BYTES: usize = 200;
const AUCTION_BYTES: usize = 500;
const BID_BYTES: usize = 100;
/// The first event's time: 2015-07-15 00:00:00, in microseconds since 1970.
const FIRST_TIME_US: i64 = 1_436_918_400_000_000;

const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const CITIES: [&str; 10] =
    ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];
const FIRST_NAMES: [&str; 11] =
    ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: [&str; 9] = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CHANNELS: [&str; 4] = ["Google", "Facebook", "Baidu", "Apple"];

/// Someone who came to the auction house. Times are microseconds since 1970, here and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Number.
    pub id: i64,
    /// First and last name.
    pub name: String,
    /// Mail address.
    pub email_address: String,
    /// Four groups of four digits.
    pub credit_card: String,
    /// City.
    pub city: &'static str,
    /// State.
    pub state: &'static str,
    /// When.
    pub date_time: i64,
    /// Padding.
    pub extra: String,
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auction {
    /// Number.
    pub id: i64,
    /// What it is.
    pub item_name: String,
    /// More about it.
    pub description: String,
    /// Cents.
    pub initial_bid: i64,
    /// Cents.
    pub reserve: i64,
    /// When it was opened.
    pub date_time: i64,
    /// When it closes.
    pub expires: i64,
    /// Whose it is: a person's number.
    pub seller: i64,
    /// 10 to 14.
    pub category: i64,
    /// Padding.
    pub extra: String,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    /// For what: an auction's number.
    pub auction: i64,
    /// Whose: a person's number.
    pub bidder: i64,
    /// Cents.
    pub price: i64,
    /// How it came.
    pub channel: String,
    /// From where.
    pub url: String,
    /// When.
    pub date_time: i64,
    /// Padding.
    pub extra: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NexmarkEvent {
    /// Someone came.
    Person(Person),
    /// Something is sold.
    Auction(Auction),
    /// Someone offers.
    Bid(Bid),
}

/// A stream of events.
#[derive(Clone, Copy, Debug)]
pub struct Nexmark {
    seed: u64,
    /// Microseconds between events.
    interval_us: i64,
}

impl Nexmark {
    /// A stream of `events_per_second` in the time of the events (not of the clock).
    pub fn new(seed: u64, events_per_second: u64) -> Nexmark {
        Nexmark { seed, interval_us: (1_000_000 / events_per_second.clamp(1, 1_000_000)) as i64 }
    }

    /// The table that event `n` belongs to, without making it.
    pub fn table_of(n: u64) -> &'static str {
        match n % ROUND {
            within if within < PERSONS => "person",
            within if within < PERSONS + AUCTIONS => "auction",
            _ => "bid",
        }
    }

    /// Event `n`, from 0.
    pub fn event(&self, n: u64) -> NexmarkEvent {
        let mut random = Random::new(self.seed ^ n.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let (round, within) = (n / ROUND, n % ROUND);
        let date_time = FIRST_TIME_US + n as i64 * self.interval_us;
        // Those that there are when the event happens: the people of a round come first.
        let people = (round + 1) * PERSONS;
        let auctions = round * AUCTIONS + (within + 1).saturating_sub(PERSONS).min(AUCTIONS);
        if within < PERSONS {
            NexmarkEvent::Person(person(&mut random, people - 1, date_time))
        } else if within < PERSONS + AUCTIONS {
            NexmarkEvent::Auction(self.auction(&mut random, auctions - 1, people, date_time))
        } else {
            NexmarkEvent::Bid(bid(&mut random, auctions.max(1), people, date_time))
        }
    }

    fn auction(&self, random: &mut Random, number: u64, people: u64, date_time: i64) -> Auction {
        let hot = (people - 1) / HOT_STRETCH * HOT_STRETCH;
        let seller = if random.below(HOT_SELLERS) > 0 { hot } else { recent(random, people, ACTIVE_PEOPLE) };
        let mut item_name = String::new();
        random.letters(20, &mut item_name);
        let mut description = String::new();
        random.letters(100, &mut description);
        let initial_bid = random.price();
        // Open for about as long as it takes until there are twice as many open auctions.
        let open_events = OPEN_AUCTIONS * ROUND / AUCTIONS;
        let open_us = 1_000_000.max(random.below(2 * open_events) as i64 * self.interval_us);
        let used = 8 * 8 + item_name.len() + description.len();
        Auction {
            id: (FIRST_ID + number) as i64,
            item_name,
            description,
            initial_bid,
            reserve: initial_bid + random.price(),
            date_time,
            expires: date_time + open_us,
            seller: (FIRST_ID + seller) as i64,
            category: (FIRST_CATEGORY + random.below(CATEGORIES)) as i64,
            extra: padding(random, AUCTION_BYTES, used),
        }
    }
}

/// One of the last `window` of `count` things.
fn recent(random: &mut Random, count: u64, window: u64) -> u64 {
    let window = window.min(count);
    count - window + random.below(window)
}

/// Letters that bring an event to its mean size, give or take a fifth.
fn padding(random: &mut Random, bytes: usize, used: usize) -> String {
    let mut out = String::new();
    let missing = bytes.saturating_sub(used);
    if missing > 0 {
        let length = missing * 4 / 5 + random.below(missing as u64 * 2 / 5 + 1) as usize;
        random.letters(length, &mut out);
    }
    out
}

fn person(random: &mut Random, number: u64, date_time: i64) -> Person {
    let name = format!("{} {}", random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
    let mut email_address = String::new();
    random.letters(7, &mut email_address);
    email_address.push('@');
    random.letters(5, &mut email_address);
    email_address.push_str(".com");
    let mut credit_card = String::new();
    for group in 0..4 {
        let blank = if group == 0 { "" } else { " " };
        // Writing to a string does not fail.
        let _ = write!(credit_card, "{blank}{:04}", random.below(10_000));
    }
    let used = 8 + name.len() + email_address.len() + credit_card.len() + 20;
    Person {
        id: (FIRST_ID + number) as i64,
        name,
        email_address,
        credit_card,
        city: random.pick(&CITIES),
        state: random.pick(&STATES),
        date_time,
        extra: padding(random, PERSON_BYTES, used),
    }
}

fn bid(random: &mut Random, auctions: u64, people: u64, date_time: i64) -> Bid {
    let hot_auction = (auctions - 1) / HOT_STRETCH * HOT_STRETCH;
    let auction = if random.below(HOT_AUCTIONS) > 0 { hot_auction } else { recent(random, auctions, OPEN_AUCTIONS) };
    let hot_bidder = ((people - 1) / HOT_STRETCH * HOT_STRETCH + 1).min(people - 1);
    let bidder = if random.below(HOT_BIDDERS) > 0 { hot_bidder } else { recent(random, people, ACTIVE_PEOPLE) };
    let mut url = "https://www.nexmark.com/".to_owned();
    let channel = if random.below(2) > 0 {
        url.push_str("hot/item.htm?query=1");
        random.pick(&CHANNELS).to_owned()
    } else {
        let channel = random.below(10_000);
        random.letters(12, &mut url);
        let _ = write!(url, "/item.htm?query=1&channel_id={channel}");
        format!("channel-{channel}")
    };
    Bid {
        auction: (FIRST_ID + auction) as i64,
        bidder: (FIRST_ID + bidder) as i64,
        price: random.price(),
        channel,
        url,
        date_time,
        extra: padding(random, BID_BYTES, 32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn proportions_and_references() {
        let stream = Nexmark::new(1, 10_000);
        let (mut people, mut auctions, mut bids) = (HashSet::new(), HashSet::new(), 0);
        let mut last = 0;
        for n in 0..50_000 {
            assert_eq!(Nexmark::table_of(n), stream.event(n).table());
            match stream.event(n) {
                NexmarkEvent::Person(p) => {
                    assert!(people.insert(p.id));
                    last = p.date_time;
                }
                NexmarkEvent::Auction(a) => {
                    assert!(auctions.insert(a.id));
                    assert!(people.contains(&a.seller) && a.expires > a.date_time && (10..15).contains(&a.category));
                }
                NexmarkEvent::Bid(b) => {
                    assert!(auctions.contains(&b.auction), "bid on {}", b.auction);
                    assert!(people.contains(&b.bidder) && b.price >= 100 && b.date_time > last);
                    bids += 1;
                }
            }
        }
        assert_eq!((people.len(), auctions.len(), bids), (1_000, 3_000, 46_000));
        assert_eq!(stream.event(4_711), Nexmark::new(1, 10_000).event(4_711));
        assert_ne!(stream.event(4_711), Nexmark::new(2, 10_000).event(4_711));
    }
}
