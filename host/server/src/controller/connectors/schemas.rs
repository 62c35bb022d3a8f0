//! Schemas of messages: asked for where they are registered, and registered, as sources bring messages and sinks take them away.

use weir_connectors::{Answer, Grants, Registry, TransportError};
use weir_io::{Encoder, Reader};

/// The registry of a connector's format.
pub(super) struct Schemas {
    registry: Registry,
}

impl Schemas {
    pub(super) fn new(registry: Registry) -> Schemas {
        Schemas { registry }
    }

    /// Has a reader know a schema. What it could not be, the reader says of each message of it; a registry that cannot be asked is the connector's trouble, as
    /// all its messages would be lost.
    pub(super) async fn provide(
        &mut self,
        reader: &mut Reader,
        id: u32,
        grants: &Grants,
    ) -> Result<(), TransportError> {
        match self.registry.schema(id, grants).await? {
            // The reader remembers what is wrong with it, and says so.
            Answer::Schema(schema) => drop(reader.provide(id, &schema.schema, &schema.references)),
            Answer::Refused(why) => reader.refuse(id, &why),
            // It is asked for again with another message.
            Answer::Absent => {}
        }
        Ok(())
    }

    /// Registers the schemas of what an encoder will write for a topic.
    pub(super) async fn register(
        &mut self,
        encoder: &mut Encoder,
        topic: &str,
        grants: &Grants,
    ) -> Result<(), TransportError> {
        let (mut key, mut value) = (None, None);
        for schema in encoder.schemas(topic) {
            let id = self.registry.register(&schema.subject, &schema.schema, grants).await?;
            *(if schema.is_key { &mut key } else { &mut value }) = Some(id);
        }
        encoder.registered(key, value);
        Ok(())
    }
}
