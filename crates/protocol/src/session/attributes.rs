//! Extended attributes of a file: names and values that its owner's programs gave it.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::bounded;

/// The extended attributes of a file that travel with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Attributes {
    list: Vec<Attribute>,
    left: u32,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name, without what a system puts before the names of such attributes; 1 to 250 bytes
    /// without NUL.
    #[serde(deserialize_with = "bounded::list::<_, _, ATTRIBUTE_NAME_BYTES_MAX>")]
    pub name: Vec<u8>,
    /// Its value.
    #[serde(deserialize_with = "bounded::list::<_, _, ATTRIBUTE_BYTES_MAX>")]
    pub value: Vec<u8>,
}

impl Attributes {
    /// Takes attributes as far as they are allowed, and counts the others.
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        let mut taken = Self::default();
        let mut bytes = 0;
        for attribute in attributes {
            let more = bytes + attribute.bytes();
            let fits = taken.list.len() < ATTRIBUTES_MAX && more <= ATTRIBUTE_BYTES_MAX;
            if fits && attribute.is_valid() {
                bytes = more;
                taken.list.push(attribute);
            } else {
                taken.left = taken.left.saturating_add(1);
            }
        }
        taken.list.sort_by(|a, b| a.name.cmp(&b.name));
        taken
    }

    /// The same, and so many more that are left out.
    #[must_use]
    pub fn leaving(self, more: u32) -> Self {
        Self { left: self.left.saturating_add(more), ..self }
    }

    /// Those that travel, by name.
    pub fn list(&self) -> &[Attribute] {
        &self.list
    }

    /// How many are left out, because they are too many or too large, or could not be read.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// Whether the file has none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.left == 0
    }

    /// How much they take in a frame, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.list.iter().map(|attribute| attribute.bytes() + 8).sum()
    }
}

impl Attribute {
    fn is_valid(&self) -> bool {
        let length = self.name.len();
        0 < length && length <= ATTRIBUTE_NAME_BYTES_MAX && !self.name.contains(&0)
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Said {
            #[serde(deserialize_with = "bounded::list::<_, _, ATTRIBUTES_MAX>")]
            list: Vec<Attribute>,
            left: u32,
        }
        let said = Said::deserialize(deserializer)?;
        let count = said.list.len();
        let taken = Self::new(said.list.clone());
        if taken.list.len() < count || taken.list != said.list {
            return Err(D::Error::custom("attributes that no file has"));
        }
        if taken.list.windows(2).any(|pair| pair[0].name == pair[1].name) {
            return Err(D::Error::custom("an attribute twice"));
        }
        Ok(taken.leaving(said.left))
    }
}

/// Attributes of one file.
pub const ATTRIBUTES_MAX: usize = 64;
/// Names and values of one file together: what the most common file system keeps, and little enough
/// that those of all files under way fit in memory.
pub const ATTRIBUTE_BYTES_MAX: usize = 4096;
/// What systems allow, less what Linux puts before it.
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    fn attribute(name: &str, bytes: usize) -> Attribute {
        Attribute { name: name.as_bytes().to_vec(), value: vec![7; bytes] }
    }

    #[test]
    fn what_is_too_much_is_counted_and_left() {
        let many = Attributes::new((0..70).map(|n| attribute(&format!("a{n}"), 1)));
        assert_eq!((many.list().len(), many.left()), (64, 6));
        let large = [attribute("b", 4000), attribute("a", 96), attribute("c", 200)];
        let large = Attributes::new(large);
        assert_eq!((large.list().len(), large.left()), (1, 2));
        let odd = [attribute("", 1), attribute("a\0b", 1), attribute(&"x".repeat(251), 1)];
        assert_eq!(Attributes::new(odd).left(), 3);
    }

    #[test]
    fn a_peer_cannot_say_what_no_file_has() {
        let good = Attributes::new([attribute("b", 2), attribute("a", 1)]).leaving(3);
        let bytes = codec::encode(&good);
        assert_eq!(codec::decode::<Attributes>(&bytes, 10_000), Ok(good));
        let said = |list: Vec<Attribute>| {
            let bytes = codec::encode(&Attributes { list, left: 0 });
            codec::decode::<Attributes>(&bytes, 1 << 20)
        };
        assert!(said(vec![attribute("a", 1), attribute("b", 1)]).is_ok());
        assert!(said(vec![attribute("b", 1), attribute("a", 1)]).is_err(), "out of order");
        assert!(said(vec![attribute("a", 1), attribute("a", 1)]).is_err(), "twice");
        assert!(said(vec![attribute("a", 4000), attribute("b", 200)]).is_err(), "too large");
        assert!(said(vec![attribute("", 1)]).is_err(), "no name");
        assert!(said((0..70).map(|n| attribute(&format!("{n:03}"), 1)).collect()).is_err());
    }
}
