//! The hub: accounts, collections, tasks, tickets, presence.
