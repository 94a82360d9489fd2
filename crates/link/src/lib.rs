//! Sealed streams between two keys over whatever route works.
