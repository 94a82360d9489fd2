//! What both sides say on the control stream between welcome and first frame: of what is to carry the
//! data ([`crate::tcp`] and [`crate::splice`] tell in which order), and when a link moves there.

use std::io;

use quinn::{RecvStream, SendStream};

use crate::sealed::out_of_turn;

/// One word of the exchange, three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Dial me there for as long as this takes; 0: not this way.
    Port(u16),
    /// All streams stand.
    Up,
    /// What this side thinks of streams that the relay splices.
    Splice(Wish),
    /// A link that moves here is heard from now on, see [`crate::legs`].
    Heard,
}

/// Whether a side would have its data spliced by the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// It cannot.
    No,
    /// It can, and has UDP as well.
    IfYouMust,
    /// It has nothing better.
    Yes,
}

impl Word {
    pub(crate) async fn say(self, stream: &mut SendStream) -> io::Result<()> {
        Ok(stream.write_all(&self.encode()).await?)
    }

    pub(crate) async fn hear(stream: &mut RecvStream) -> io::Result<Self> {
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).await.map_err(io::Error::other)?;
        Self::decode(bytes).ok_or_else(out_of_turn)
    }

    fn encode(self) -> [u8; 3] {
        match self {
            Self::Port(port) => [1, port.to_be_bytes()[0], port.to_be_bytes()[1]],
            Self::Up => [2, 0, 0],
            Self::Splice(Wish::No) => [3, 0, 0],
            Self::Splice(Wish::IfYouMust) => [3, 0, 1],
            Self::Splice(Wish::Yes) => [3, 0, 2],
            Self::Heard => [4, 0, 0],
        }
    }

    fn decode(bytes: [u8; 3]) -> Option<Self> {
        match bytes {
            [1, a, b] => Some(Self::Port(u16::from_be_bytes([a, b]))),
            [2, 0, 0] => Some(Self::Up),
            [3, 0, 0] => Some(Self::Splice(Wish::No)),
            [3, 0, 1] => Some(Self::Splice(Wish::IfYouMust)),
            [3, 0, 2] => Some(Self::Splice(Wish::Yes)),
            [4, 0, 0] => Some(Self::Heard),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_nothing_else_does() {
        let wishes = [Wish::No, Wish::IfYouMust, Wish::Yes].map(Word::Splice);
        let ports = [Word::Port(0), Word::Port(7440), Word::Port(u16::MAX), Word::Up];
        assert_eq!(Word::decode(Word::Heard.encode()), Some(Word::Heard));
        for word in wishes.into_iter().chain(ports) {
            assert_eq!(Word::decode(word.encode()), Some(word));
        }
        for other in [[0, 0, 0], [2, 0, 1], [3, 0, 3], [3, 1, 0], [4, 0, 1], [255; 3]] {
            assert_eq!(Word::decode(other), None);
        }
    }
}
