//! What only the whole can show: real processes, real networks.
