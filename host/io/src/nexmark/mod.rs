//! Events of the Nexmark benchmark: an auction house in which people come, open auctions and bid. Of 50 events one is a
//! person, three are auctions and 46 are bids; who sells and what is bid on is skewed, as the benchmark has it. An event is a
//! function of its number and the seed, so that any part of the stream can be made anywhere.
//!
//! After "NEXMark: A Benchmark for Queries over Data Streams" (Tucker, Tufte, Papadimos, Maier) and the proportions of
//! its Apache Beam and Flink versions.

mod event;
mod random;
mod rows;

pub use event::{Auction, Bid, Nexmark, NexmarkEvent, Person};
pub use rows::NexmarkRows;
