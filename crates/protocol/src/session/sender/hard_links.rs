//! Files with several names, as far as more of their names may come.

use std::collections::HashMap;

use super::effect::LinkedId;
use crate::session::entry::{HARD_LINKS_OPEN_MAX, LinkRole};

/// Files of which a name was told and others may come: by item, because what two items have in common
/// may come to stand on two disks.
#[derive(Debug, Default)]
pub(super) struct HardLinks {
    open: HashMap<(u32, LinkedId), Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// The entry of the name that was told first.
    first: u64,
    /// Names that were not told yet. Some may be outside the item, or filtered, and never come.
    left: u64,
}

impl HardLinks {
    /// What is said of one of the `names` of a file, met at the entry of this number.
    pub(super) fn meet(&mut self, file: (u32, LinkedId), names: u64, entry: u64) -> LinkRole {
        self.meet_up_to(HARD_LINKS_OPEN_MAX, file, names, entry)
    }

    fn meet_up_to(
        &mut self,
        open_max: usize,
        file: (u32, LinkedId),
        names: u64,
        entry: u64,
    ) -> LinkRole {
        if let Some(open) = self.open.get_mut(&file) {
            let first = open.first;
            open.left = open.left.saturating_sub(1);
            let last = open.left == 0;
            if last {
                self.open.remove(&file);
            }
            return LinkRole::Further { first, last };
        }
        if open_max <= self.open.len() {
            return LinkRole::Apart;
        }
        self.open.insert(file, Open { first: entry, left: names.saturating_sub(1) });
        LinkRole::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn file(item: u32, inode: u64) -> (u32, LinkedId) {
        (item, LinkedId { device: 1, inode })
    }

    #[test]
    fn a_file_is_forgotten_with_the_last_of_its_names() {
        let mut links = HardLinks::default();
        assert_eq!(links.meet(file(0, 5), 3, 10), LinkRole::First);
        assert_eq!(links.meet(file(0, 6), 2, 11), LinkRole::First);
        assert_eq!(links.meet(file(0, 5), 3, 12), LinkRole::Further { first: 10, last: false });
        assert_eq!(links.meet(file(1, 5), 3, 13), LinkRole::First, "another item");
        assert_eq!(links.meet(file(0, 5), 3, 14), LinkRole::Further { first: 10, last: true });
        assert_eq!(links.open.len(), 2);
        assert_eq!(links.meet(file(0, 5), 4, 15), LinkRole::First, "it got one more since");
    }

    #[test]
    fn no_more_files_are_remembered_than_both_sides_have_room_for() {
        let mut links = HardLinks::default();
        let mut meet = |inode, entry| links.meet_up_to(2, file(0, inode), 2, entry);
        assert_eq!(meet(1, 0), LinkRole::First);
        assert_eq!(meet(2, 1), LinkRole::First);
        assert_eq!(meet(3, 2), LinkRole::Apart);
        assert_eq!(meet(1, 3), LinkRole::Further { first: 0, last: true });
        assert_eq!(meet(3, 4), LinkRole::First, "there is room again");
    }
}
