//! What a task asks of its agents, in the words that both understand.

use outport_types::{CollectionPath, EndpointId, ExternalChecksum, TaskId, TransferOptions};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What one task asks of the agents; both get the same bytes, and the ticket carries their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// The task.
    pub task: TaskId,
    /// What is to be done.
    pub work: Work,
}

/// The kind of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Files copied from one collection to another.
    Transfer(TransferOrders),
    /// Files deleted from one collection.
    Delete(DeleteOrders),
}

/// A transfer in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOrders {
    /// Where the files come from.
    pub source: EndpointId,
    /// The source as people call it, `smith#WorkPC`.
    pub source_name: String,
    /// Where the files go.
    pub destination: EndpointId,
    /// The destination as people call it.
    pub destination_name: String,
    /// What is copied where, in this order.
    pub items: Vec<TransferItem>,
    /// How it is done.
    pub options: TransferOptions,
}

/// One thing to copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferItem {
    /// A file or directory at the source.
    pub source: CollectionPath,
    /// What it becomes; the contents of a directory go into this one.
    pub destination: CollectionPath,
    /// Whether the source must be a directory (`true`) or a file (`false`); `None` finds out.
    pub recursive: Option<bool>,
    /// What the file must be, by somebody else's word; directories have none.
    #[serde(default)]
    pub checksum: Option<ExternalChecksum>,
}

impl TransferItem {
    /// Whether the source must be a directory or a file, also as what else is asked tells.
    pub fn must_be_directory(&self) -> Option<bool> {
        if self.checksum.is_some() { Some(false) } else { self.recursive }
    }
}

/// A deletion in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteOrders {
    /// Where files are deleted.
    pub endpoint: EndpointId,
    /// The endpoint as people call it.
    pub endpoint_name: String,
    /// What is deleted, in this order.
    pub paths: Vec<CollectionPath>,
    /// Whether directories go with all that they hold.
    pub recursive: bool,
    /// Whether a path that does not exist counts as deleted.
    pub ignore_missing: bool,
    /// Whether `*`, `?` and `[]` in the last name of a path stand for several entries.
    pub globs: bool,
}

impl Orders {
    /// The digest that the ticket carries: SHA-256 of the postcard form.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(crate::codec::encode(self)).into()
    }
}

/// Items that one task may have; the hub refuses more.
pub const ITEMS_MAX: usize = 10_000;
