//! Carries out sessions on real storage.
