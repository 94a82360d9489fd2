//! The documents of the hub's public API and its typed client.
