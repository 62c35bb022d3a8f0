//! Apache Avro: whole messages in and out, with schemas of their own or of a registry. Nothing here asks the registry: whoever moves the messages does.

mod config;
mod decode;
mod encode;
mod made;
mod put;
mod read;
mod schema;

pub use config::{AvroConfig, AvroKeyMode, AvroOutputConfig, AvroUpdateFormat, RegistryConfig, SubjectNameStrategy};
pub(crate) use encode::AvroEncoder;
pub use encode::AvroSchema;
pub use read::AvroReader;
