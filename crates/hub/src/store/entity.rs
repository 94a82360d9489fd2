//! The rows of the database, one file for each table.

pub(crate) mod account;
pub(crate) mod agent_key;
pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod client_secret;
pub(crate) mod code;
pub(crate) mod consent;
pub(crate) mod device_code;
pub(crate) mod endpoint;
pub(crate) mod grant;
pub(crate) mod identity;
pub(crate) mod link;
pub(crate) mod relay_use;
pub(crate) mod setup_key;
pub(crate) mod task;
pub(crate) mod task_event;
pub(crate) mod task_orders;
pub(crate) mod token;
