//! Files with holes.

use std::sync::Arc;

use outport_protocol::{
    blocks::{Blocks, Cv, HeldNode, NodeId},
    session::{
        EffectId, Fault, ReceiverEvent,
        receiver::{Temp, Write, WriteResult},
    },
};
use outport_types::Code;

use super::{Answer, Around, Job, Rx, fault_of};
use crate::{
    disk::{Disk, Ino},
    mutation::Mutation,
};

impl Rx {
    pub(super) fn make_holes(
        &self,
        job: &mut Job,
        id: EffectId,
        (temp, blocks): (&Arc<Temp>, Blocks),
        nodes: &[HeldNode],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(node) = nodes.get(job.written.len()) else {
            let results = std::mem::take(&mut job.written);
            return Some(ReceiverEvent::HolesMade { id, results });
        };
        let span = blocks.span(node.id).expect("a part of the file");
        let result = match (around.fault.take(), self.temp_ino(temp, around.disk)) {
            (Some(fault), _) => WriteResult::Failed(fault),
            (None, None) => WriteResult::Failed(Fault::never(Code::NotFound, "temp")),
            (None, Some(_)) if blocks.zeros(node.id) != Some(node.cv) => WriteResult::Differs,
            (None, Some(ino)) => {
                if !self.is(Mutation::KeepOldBytes) {
                    let bytes = blocks.span_bytes(&span);
                    around.disk.punch(ino, blocks.offset(span.start), bytes, around.now);
                }
                WriteResult::Written
            }
        };
        job.written.push(result);
        None
    }

    /// Writes a piece; where a file has holes, its zeros become part of them.
    pub(super) fn put_piece(
        &self,
        ino: Ino,
        write: &Write,
        body: &[u8],
        around: &mut Around<'_>,
    ) -> Result<(), Fault> {
        let mut offset = write.blocks.offset(write.block);
        if !write.sparse {
            return around.disk.write(ino, offset, body, around.now).map_err(fault_of);
        }
        around.disk.punch(ino, offset, body.len() as u64, around.now);
        for page in body.chunks(PAGE) {
            if page.iter().any(|byte| *byte != 0) {
                around.disk.write(ino, offset, page, around.now).map_err(fault_of)?;
            }
            offset += page.len() as u64;
        }
        Ok(())
    }

    /// The value of part of an unfinished file; of one that has holes, what is behind its end so far
    /// is zeros.
    pub(super) fn value(
        &self,
        temp: &Temp,
        (blocks, sparse): (Blocks, bool),
        node: NodeId,
        disk: &Disk,
    ) -> Option<Cv> {
        let mut data = self.temp_data(temp, disk)?.to_vec();
        if sparse && (data.len() as u64) < blocks.size() {
            data.resize(blocks.size() as usize, 0);
        }
        let span = blocks.span(node)?;
        let start = blocks.offset(span.start) as usize;
        let mut hasher = blocks.hasher(node);
        hasher.update(data.get(start..start + blocks.span_bytes(&span) as usize)?);
        Some(hasher.finish())
    }
}

/// What the disk gives room to at once.
const PAGE: usize = 64;
