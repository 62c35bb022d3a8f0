//! Where the partitions of topics begin to be read.

use super::{Told, plain};
use crate::TransportError;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) type Stream = StreamConsumer<Told>;
/// The next offset of each partition of each topic.
pub(super) type Offsets = BTreeMap<String, BTreeMap<i32, i64>>;

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StartFrom {
    Earliest,
    Latest,
    /// An offset for each partition, in the order of `partitions`, or of their numbers.
    Offsets(Vec<i64>),
    /// Milliseconds since 1970.
    Timestamp(i64),
}

/// The partitions of a topic.
pub(super) fn partitions<C: Consumer<Told>>(
    consumer: &C,
    told: &Told,
    topic: &str,
    timeout: Duration,
) -> Result<Vec<i32>, TransportError> {
    let what = format!("topic '{topic}'");
    let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(|e| told.error(&what, &e))?;
    let Some(found) = metadata.topics().iter().find(|t| t.name() == topic) else {
        return Err(TransportError::Transient(format!("{what}: the brokers do not know it")));
    };
    if let Some(error) = found.error() {
        return Err(told.error(&what, &KafkaError::MetadataFetch(error.into())));
    }
    let mut partitions: Vec<i32> = found.partitions().iter().map(|p| p.id()).collect();
    partitions.sort_unstable();
    Ok(partitions)
}

/// What opening needs, away from the source: librdkafka's calls wait.
pub(super) struct Opening {
    pub(super) topics: Vec<String>,
    pub(super) wanted: Option<Vec<i32>>,
    pub(super) start: StartFrom,
    pub(super) timeout: Duration,
    pub(super) at: Offsets,
}

impl Opening {
    /// Where every partition begins.
    fn offsets(&self, consumer: &Stream, told: &Told) -> Result<Offsets, TransportError> {
        let mut all = Offsets::new();
        for topic in &self.topics {
            let found = partitions(consumer, told, topic, self.timeout)?;
            let wanted = self.wanted.clone().unwrap_or_else(|| found.clone());
            if let Some(missing) = wanted.iter().find(|p| !found.contains(p)) {
                let message = format!("topic '{topic}' has no partition {missing}, only {}", found.len());
                return Err(TransportError::Fatal(message));
            }
            if let StartFrom::Offsets(offsets) = &self.start
                && offsets.len() != wanted.len()
            {
                let message =
                    format!("topic '{topic}' has {} partitions, and 'offsets' names {}", wanted.len(), offsets.len());
                return Err(TransportError::Fatal(message));
            }
            let known = self.at.get(topic);
            let mut of_topic = BTreeMap::new();
            for (i, partition) in wanted.into_iter().enumerate() {
                let known = known.and_then(|known| known.get(&partition)).copied();
                let offset = match known {
                    Some(offset) => offset,
                    None => self.first(consumer, told, topic, partition, i)?,
                };
                of_topic.insert(partition, offset);
            }
            all.insert(topic.clone(), of_topic);
        }
        Ok(all)
    }

    /// Where a partition begins that was not read before. It is a number: what comes between now and the first message must not be missed.
    fn first(
        &self,
        consumer: &Stream,
        told: &Told,
        topic: &str,
        partition: i32,
        at: usize,
    ) -> Result<i64, TransportError> {
        let what = || format!("topic '{topic}', partition {partition}");
        let ends = || {
            let ends = consumer.fetch_watermarks(topic, partition, self.timeout);
            ends.map_err(|e| told.error(&what(), &e))
        };
        match &self.start {
            // Partitions that came later are read whole.
            _ if !self.at.is_empty() => Ok(ends()?.0),
            StartFrom::Earliest => Ok(ends()?.0),
            StartFrom::Latest => Ok(ends()?.1),
            StartFrom::Offsets(offsets) => {
                let (offset, (low, high)) = (offsets.get(at).copied().unwrap_or_default(), ends()?);
                if (low..=high).contains(&offset) {
                    return Ok(offset);
                }
                let message = format!("{}: there is no offset {offset}, only {low} to {high}", what());
                Err(TransportError::Fatal(message))
            }
            StartFrom::Timestamp(ms) => {
                let mut list = TopicPartitionList::new();
                let asked = list.add_partition_offset(topic, partition, Offset::Offset(*ms));
                let found = asked.and_then(|()| consumer.offsets_for_times(list, self.timeout));
                let found = found.map_err(|e| told.error(&what(), &e))?;
                match found.find_partition(topic, partition).map(|p| p.offset()) {
                    Some(Offset::Offset(offset)) => Ok(offset),
                    // Nothing is as young.
                    _ => Ok(ends()?.1),
                }
            }
        }
    }

    /// A consumer that is assigned all partitions.
    pub(super) fn open(self, client: &ClientConfig, told: Told) -> Result<(Arc<Stream>, Offsets), TransportError> {
        let consumer = Stream::from_config_and_context(client, told.clone());
        let consumer = consumer.map_err(|e| TransportError::Fatal(format!("no Kafka consumer: {}", plain(&e))))?;
        let offsets = self.offsets(&consumer, &told)?;
        let mut list = TopicPartitionList::new();
        for (topic, partitions) in &offsets {
            for (partition, offset) in partitions {
                let added = list.add_partition_offset(topic, *partition, Offset::Offset(*offset));
                added.map_err(|e| told.error(&format!("topic '{topic}'"), &e))?;
            }
        }
        consumer.assign(&list).map_err(|e| told.error("the topics' partitions", &e))?;
        Ok((Arc::new(consumer), offsets))
    }
}
