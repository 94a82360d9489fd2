//! Packets forwarded for those who hold a token; address discovery.
