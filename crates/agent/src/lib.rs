//! The agent: config, folders, talk with the hub, sessions, lifecycle.
