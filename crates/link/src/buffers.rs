//! Buffers that are used again: fresh memory costs more than what is done in it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers of one size that come back when the last user drops them.
#[derive(Clone, Debug)]
pub struct BufferPool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bytes: usize,
    free_max: usize,
    free: Mutex<Vec<Vec<u8>>>,
}

/// A buffer to write into.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    pool: Arc<Shared>,
}

impl BufferPool {
    /// Buffers of `bytes`, of which at most `free_max` are kept unused.
    pub fn new(bytes: usize, free_max: usize) -> Self {
        Self(Arc::new(Shared { bytes, free_max, free: Mutex::default() }))
    }

    /// A buffer of at least `bytes`. What is larger than the pool's, or would leave most of one
    /// unused, gets a buffer of its own, which does not come back.
    pub fn take(&self, bytes: usize) -> Buffer {
        let fits = self.0.bytes / WASTE_MAX <= bytes && bytes <= self.0.bytes;
        let bytes = match fits {
            false => vec![0; bytes],
            true => {
                let free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
                free.unwrap_or_else(|| vec![0; self.0.bytes])
            }
        };
        Buffer { bytes, pool: self.0.clone() }
    }
}

impl Buffer {
    /// Makes it shareable; it comes back when all of it is dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() != self.pool.bytes {
            return;
        }
        let mut free = self.pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < self.pool.free_max {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// The smallest part of a buffer that is worth taking one.
const WASTE_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_its_last_part_is_dropped() {
        let pool = BufferPool::new(8, 1);
        let mut buffer = pool.take(5);
        buffer.as_mut()[..5].copy_from_slice(b"hello");
        let whole = buffer.freeze();
        let part = whole.slice(1..3);
        drop(whole);
        assert!(pool.0.free.lock().unwrap().is_empty());
        assert_eq!(&part[..], b"el");
        drop(part);
        assert_eq!(pool.0.free.lock().unwrap().len(), 1);
        // The pool keeps no more than it may, and nothing of another size.
        let (a, b) = (pool.take(8), pool.take(8));
        drop((a, b, pool.take(9)));
        assert_eq!(pool.0.free.lock().unwrap().len(), 1);
        // Something small does not hold on to all of one.
        assert_eq!(pool.take(1).as_ref().len(), 1);
        assert_eq!(pool.0.free.lock().unwrap().len(), 1);
    }
}
