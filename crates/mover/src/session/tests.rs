//! Two directories and a pair of links in one process.
