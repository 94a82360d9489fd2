//! Disks that take names in their own way.

use super::*;
use crate::{
    resolver::Directory,
    stat::Stat,
    store::Disk,
    system_path::{NameProblem, is_reserved, name_from_host},
    testing::name,
};
use outport_types::Name;
use unicode_normalization::UnicodeNormalization as _;

/// A disk that takes upper and lower case, and both ways to write an accent, for the same.
#[derive(Debug)]
pub(super) struct Folding;

impl Folding {
    fn fold(name: &Name) -> String {
        name.text().to_lowercase().nfd().collect()
    }

    /// The name under which such a disk has a name.
    fn stored(directory: &Directory, name: &Name) -> Name {
        if is_reserved(name) {
            return name.clone();
        }
        let mut names = directory.dir().entries().unwrap().map(|entry| entry.unwrap().file_name());
        let found = names.find_map(|stored| {
            let stored = name_from_host(&stored).unwrap();
            (Self::fold(&stored) == Self::fold(name)).then_some(stored)
        });
        found.unwrap_or(name.clone())
    }
}

impl Store for Folding {
    fn stat(&self, directory: &Directory, name: &Name) -> Result<Option<Stat>, Refused> {
        Disk.stat(directory, &Self::stored(directory, name))
    }

    fn place_new(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        Disk.place_new(directory, temp, &Self::stored(directory, name))
    }

    fn place(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        Disk.place(directory, temp, &Self::stored(directory, name))
    }

    fn make_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        Disk.make_directory(directory, &Self::stored(directory, name))
    }
}

/// A disk that writes accents apart, as HFS+, and drops dots at the end, as FAT.
#[derive(Debug)]
pub(super) struct Respelling;

impl Respelling {
    fn stored(given: &Name) -> Name {
        name(given.text().nfd().collect::<String>().trim_end_matches('.'))
    }
}

impl Store for Respelling {
    fn stat(&self, directory: &Directory, name: &Name) -> Result<Option<Stat>, Refused> {
        Disk.stat(directory, &Self::stored(name))
    }

    fn place_new(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        Disk.place_new(directory, temp, &Self::stored(name))
    }

    fn place(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        Disk.place(directory, &Self::stored(temp), &Self::stored(name))
    }

    fn make_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        Disk.make_directory(directory, &Self::stored(name))
    }

    fn remove_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        Disk.remove_directory(directory, &Self::stored(name))
    }
}

/// A disk that cannot have a name, as Windows cannot have `CON`.
#[derive(Debug)]
pub(super) struct WithoutName(pub(super) &'static str);

impl Store for WithoutName {
    fn stat(&self, directory: &Directory, name: &Name) -> Result<Option<Stat>, Refused> {
        if name.text() == self.0 {
            return Err(Refused::BadName(NameProblem::Device));
        }
        Disk.stat(directory, name)
    }
}
