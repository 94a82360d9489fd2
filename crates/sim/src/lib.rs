//! Simulated network, disks and clock, and the tests that run in them.
