//! Names that are one file at the source become one file here.
//!
//! The names of one file are a *group*, known by the entry of the first. One of them is its *bearer*:
//! it comes to its place by its content, as any other file. The others wait until it stands there.
//!
//! 1. A name at which that very file stands needs nothing.
//! 2. A name of the same version as the bearer, whose digest is known, is linked: the file gets the
//!    temporary name of the other as well, and from there on a batch does with that name what it
//!    does with all.
//! 3. Where the version or the digest is not known, because the bearer was there before, both sides
//!    read, as to compare by content. Only what is the same is linked.
//! 4. Where nothing stands that could be linked, or what stands is something else, the name becomes
//!    the bearer itself, and is brought. So does one for which the file has names enough.
//! 5. A name that the disk cannot give is brought as a file of its own, and that is told.
//!
//! A file is never written to by a name that it shares: what goes wrong with a link leads to a new
//! temporary file.

use std::collections::{HashMap, VecDeque};

use outport_types::{Code, Conflict, Digest, EventCode, SyncLevel};

use super::{
    Mode, Receiver,
    effect::{AtDestination, HardLink, HardLinked, ReceiverEffect},
    file::{File, Phase, Then},
};
use crate::session::{
    EffectId, Fault, FileStamp, Meta, VersionToken, Violation,
    dir::Place,
    entry::{HARD_LINKS_OPEN_MAX, LinkRole},
};

#[derive(Debug, Default)]
pub(super) struct HardLinks {
    groups: HashMap<u64, Group>,
    /// Groups of which more names may be told: as many as the sender has open.
    open: usize,
    /// Names that wait for their bearers, by group.
    waiting: HashMap<u64, Vec<u64>>,
    /// Names that need not wait any more.
    woken: VecDeque<u64>,
    /// Names to give, each when the journal is durable up to a position.
    queue: VecDeque<(u64, u64)>,
    out: HashMap<EffectId, Vec<(u64, Basis)>>,
    /// Whether it was told that there are more groups than are remembered.
    told_many: bool,
}

#[derive(Debug)]
struct Group {
    item: u32,
    bearer: Bearer,
    /// Further names that are not settled.
    unsettled: u32,
    /// Whether no more names come.
    is_told: bool,
}

/// What is known of the name whose content is brought.
#[derive(Debug)]
enum Bearer {
    /// It is on its way.
    Coming,
    /// It stands at its place.
    Stands(Box<Standing>),
    /// It does not.
    Nobody,
}

/// A file that stands at the destination.
#[derive(Debug)]
struct Standing {
    place: Place,
    /// Which file it is, and in which state; `None` where only to look, and it would come.
    check: Option<u64>,
    size: u64,
    /// The version at the source that it is, as far as it has a digest.
    token: VersionToken,
    digest: Option<Digest>,
    /// Whether a further name is compared with it.
    is_compared: bool,
}

/// On what a name is given: which file it must be, and its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
    check: u64,
    digest: Digest,
}

/// What a file is among the names of its group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    group: u64,
    is_further: bool,
    role: Role,
    /// Whether what stands at its destination stays, as far as it is looked at alone.
    stays: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Its content is brought for all of them.
    Bearer,
    /// It becomes one more name of the bearer.
    Joins,
    /// The same, and it is being compared with it.
    Compared,
    /// It is a file of its own.
    Apart,
}

/// What became of a file that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It does not stand at its place.
    Not,
    /// It does.
    As(FileStamp),
    /// It would, in a look.
    ToCome,
}

impl Bearer {
    fn settled(file: File) -> Self {
        let (check, size) = match file.stands {
            Stands::Not => return Self::Nobody,
            Stands::As(stamp) => (Some(stamp.check(&[])), stamp.size),
            Stands::ToCome => (None, file.meta.size),
        };
        Self::Stands(Box::new(Standing {
            place: file.place,
            check,
            size,
            token: file.meta.token,
            digest: file.end,
            is_compared: false,
        }))
    }
}

impl HardLinks {
    fn member(
        &mut self,
        entry: u64,
        item: u32,
        role: LinkRole,
    ) -> Result<Option<Member>, Violation> {
        let (group, is_further, role) = match role {
            LinkRole::Apart => return Ok(None),
            LinkRole::First if HARD_LINKS_OPEN_MAX <= self.open => return Err(Violation::Order),
            LinkRole::First => {
                self.open += 1;
                let bearer = Bearer::Coming;
                let group = Group { item, bearer, unsettled: 0, is_told: false };
                self.groups.insert(entry, group);
                (entry, false, Role::Bearer)
            }
            LinkRole::Further { first, last } => {
                let group = self.groups.get_mut(&first);
                let group = group.filter(|group| !group.is_told && group.item == item);
                let group = group.ok_or(Violation::Order)?;
                group.unsettled += 1;
                group.is_told = last;
                self.open -= usize::from(last);
                (first, true, Role::Joins)
            }
        };
        Ok(Some(Member { group, is_further, role, stays: None }))
    }

    fn wait(&mut self, group: u64, number: u64) {
        self.waiting.entry(group).or_default().push(number);
    }

    fn wake(&mut self, group: u64) {
        self.woken.extend(self.waiting.remove(&group).unwrap_or_default());
    }

    fn standing(&mut self, group: u64) -> Option<&mut Standing> {
        match &mut self.groups.get_mut(&group)?.bearer {
            Bearer::Stands(standing) => Some(standing),
            Bearer::Coming | Bearer::Nobody => None,
        }
    }

    /// The file that a name of the group can be given to.
    fn basis(&mut self, group: u64) -> Option<(Place, Basis)> {
        let standing = self.standing(group)?;
        let basis = Basis { check: standing.check?, digest: standing.digest? };
        Some((standing.place.clone(), basis))
    }
}

impl Receiver {
    /// Takes an entry of a file that has several names.
    pub(super) fn hard_link(
        &mut self,
        number: u64,
        place: Place,
        meta: Meta,
        role: LinkRole,
    ) -> Result<(), Violation> {
        if !self.config.orders.options.preserve_hard_links {
            return Err(Violation::Order);
        }
        let member = self.hard_links.member(number, place.dir.item(), role)?;
        if role == LinkRole::Apart && !std::mem::replace(&mut self.hard_links.told_many, true) {
            let reason = format!("{HARD_LINKS_OPEN_MAX} others have names to come as well");
            self.tell_hard_link(&place, reason, false);
        }
        self.file(number, place, meta)?;
        if let Some(file) = self.files.get_mut(&number) {
            file.member = member;
        }
        Ok(())
    }

    /// Whether a file becomes one more name of another; else it is decided about alone.
    pub(super) fn joins(&mut self, number: u64, stays: Option<bool>) -> bool {
        let checks = self.checks();
        let options = &self.config.orders.options;
        let Some(file) = self.files.get_mut(&number) else { return false };
        // What has the place may stay whatever the bearer is.
        let keeps = match options.conflict {
            Conflict::Rename => true,
            Conflict::Skip | Conflict::Newer if stays == Some(true) => true,
            Conflict::Overwrite | Conflict::Skip | Conflict::Newer => {
                options.sync_level == Some(SyncLevel::Exists)
            }
        };
        let is_kept = keeps && file.found != AtDestination::Nothing;
        let Some(member) = file.member.as_mut().filter(|member| member.role == Role::Joins) else {
            return false;
        };
        if is_kept || checks {
            return false;
        }
        member.stays = stays;
        self.join_again(number);
        true
    }

    /// Has a name look for its bearer.
    pub(super) fn join_again(&mut self, number: u64) {
        self.enter(number, Phase::Joining);
        self.hard_links.woken.push_back(number);
    }

    /// Goes on with names whose bearers stand, or will not; `false` when there was none.
    pub(super) fn pump_hard_links(&mut self) -> bool {
        let mut went_on = false;
        while let Some(number) = self.hard_links.woken.pop_front() {
            self.join(number);
            went_on = true;
        }
        while self.hard_links.out.len() < EFFECTS_MAX && self.space_until.is_none() {
            let Some((position, _)) = self.hard_links.queue.front() else { break };
            if self.log.durable() < *position {
                break;
            }
            self.give_names();
            went_on = true;
        }
        went_on
    }

    fn join(&mut self, number: u64) {
        let Some(file) = self.files.get(&number) else { return };
        let Some(Member { group: at, .. }) = file.member.filter(|_| file.phase == Phase::Joining)
        else {
            return;
        };
        let Some(group) = self.hard_links.groups.get_mut(&at) else { return };
        let standing = match &mut group.bearer {
            Bearer::Stands(standing) if !standing.is_compared => standing,
            Bearer::Coming | Bearer::Stands(_) => return self.hard_links.wait(at, number),
            Bearer::Nobody => return self.take_over(number),
        };
        let is_known = standing.digest.is_some() || standing.check.is_none();
        if let (AtDestination::File(stamp), Some(check)) = (file.found, standing.check)
            && stamp.check(&[]) == check
        {
            self.keep(number);
        } else if is_known && standing.token == file.meta.token {
            self.queue_name(number);
        } else if standing.check.is_none() || !is_known && standing.size != file.meta.size {
            self.take_over(number);
        } else {
            self.compare_with_bearer(number);
        }
    }

    /// Makes a name the bearer of its group.
    pub(super) fn take_over(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let Some(member) = &mut file.member else { return };
        member.role = Role::Bearer;
        let Member { group, stays, .. } = *member;
        if let Some(group) = self.hard_links.groups.get_mut(&group) {
            group.bearer = Bearer::Coming;
        }
        self.decide_alone(number, stays);
    }

    /// Has both sides read, to know whether a name is what its bearer is.
    fn compare_with_bearer(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let Some(member) = &mut file.member else { return };
        let Some(standing) = self.hard_links.standing(member.group) else { return };
        (standing.is_compared, member.role) = (true, Role::Compared);
        let (place, here, there) = (standing.place.clone(), standing.digest, file.digest_there);
        self.enter(number, Phase::Digesting { here, there });
        if let (Some(here), Some(there)) = (here, there) {
            return self.compare_digests(number, here, there);
        }
        if here.is_none() {
            let id = self.ids.next();
            self.compares.digests.insert(id, number);
            self.effects.push_back(ReceiverEffect::Digest { id, place });
        }
        if there.is_none() {
            self.want_digest(number);
        }
    }

    /// Takes whether a name is what its bearer is; `false` for a file that was not compared with one.
    pub(super) fn compared_with_bearer(&mut self, number: u64, is_same: bool) -> bool {
        let Some(file) = self.files.get(&number) else { return false };
        let (token, digest) = (file.meta.token, file.digest_there);
        let Some(group) = file.member.map(|member| member.group) else { return false };
        if !self.compares_no_more(number) {
            return false;
        }
        match self.hard_links.standing(group) {
            Some(standing) if is_same => {
                (standing.token, standing.digest) = (token, digest);
                self.queue_name(number);
            }
            Some(_) => self.take_over(number),
            None => self.join_again(number),
        }
        true
    }

    /// Whether a file is compared with one that it may become another name of.
    pub(super) fn is_compared_with_first(&self, number: u64) -> bool {
        let member = self.files.get(&number).and_then(|file| file.member.as_ref());
        member.is_some_and(|member| member.role == Role::Compared)
    }

    /// A name is compared with its bearer no more; `false` when it was not.
    pub(super) fn compares_no_more(&mut self, number: u64) -> bool {
        let Some(file) = self.files.get_mut(&number) else { return false };
        let Some(member) = file.member.as_mut().filter(|member| member.role == Role::Compared)
        else {
            return false;
        };
        member.role = Role::Joins;
        let group = member.group;
        if let Some(standing) = self.hard_links.standing(group) {
            standing.is_compared = false;
        }
        self.hard_links.wake(group);
        true
    }

    /// Lines a name up to be given to its bearer.
    fn queue_name(&mut self, number: u64) {
        if self.looks() {
            return self.saw_file(number);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        let dir = file.place.dir.clone();
        // Whatever has the temporary name goes, and nothing is to be offered of it any more.
        (file.temp_left, file.temp_made, file.temp_durable) = (None, false, false);
        self.recovered.held.remove(&file.place.key());
        let position = self.touch(&dir);
        self.enter(number, Phase::Linking);
        self.hard_links.queue.push_back((position, number));
    }

    /// Has some names given.
    fn give_names(&mut self) {
        let (mut names, mut links) = (Vec::new(), Vec::new());
        while links.len() < LINKS_MAX
            && let Some((position, number)) = self.hard_links.queue.front().copied()
            && position <= self.log.durable()
        {
            self.hard_links.queue.pop_front();
            let Some(file) = self.files.get_mut(&number) else { continue };
            let Some(Member { group, .. }) = file.member.filter(|_| file.phase == Phase::Linking)
            else {
                continue;
            };
            match self.hard_links.basis(group) {
                Some((first, basis)) => {
                    links.push(HardLink { temp: file.temp(number, &self.temp_prefix), first });
                    names.push((number, basis));
                }
                None => self.join_again(number),
            }
        }
        if !links.is_empty() {
            let id = self.ids.next();
            self.hard_links.out.insert(id, names);
            self.effects.push_back(ReceiverEffect::HardLink { id, links });
        }
    }

    /// Takes what became of names that were to be given.
    pub(super) fn hard_linked(&mut self, id: EffectId, results: Vec<HardLinked>) {
        let Some(names) = self.hard_links.out.remove(&id) else { return };
        let unanswered =
            || HardLinked::Failed(Fault::backoff(Code::Disk, "the disk did not answer"));
        let results = results.into_iter().chain(std::iter::repeat_with(unanswered));
        for ((number, basis), result) in names.into_iter().zip(results) {
            let Some(file) = self.files.get_mut(&number) else { continue };
            if file.phase != Phase::Linking || self.mode != Mode::Working {
                continue; // a later session gives it again
            }
            match result {
                HardLinked::Made(stamp) if stamp.check(&[]) == basis.check => {
                    (file.linked, file.end) = (Some(stamp), Some(basis.digest));
                    self.enter(number, Phase::Complete);
                    self.batch_complete(number);
                }
                HardLinked::Made(_) | HardLinked::NotThere => self.lost_bearer(number, basis),
                HardLinked::Apart(reason) => self.go_apart(number, reason),
                HardLinked::Failed(fault)
                    if fault.is_no_space() && !self.config.orders.options.fail_on_quota =>
                {
                    self.no_space(number);
                    self.hard_links.queue.push_front((0, number));
                }
                HardLinked::Failed(fault) => {
                    if let Some(member) = &mut file.member {
                        member.role = Role::Apart;
                    }
                    let then = Then::Want { fresh: true, later: true };
                    self.destination_failed(number, fault, then);
                }
            }
        }
    }

    /// What a name was to be given to is there no more, or takes no more names.
    fn lost_bearer(&mut self, number: u64, basis: Basis) {
        // What is under the temporary name now is not ours to bring.
        self.sweep = true;
        let group = self.files.get(&number).and_then(|file| file.member).map(|m| m.group);
        let group = group.and_then(|group| self.hard_links.groups.get_mut(&group));
        if let Some(group) = group
            && let Bearer::Stands(standing) = &group.bearer
            && standing.check == Some(basis.check)
        {
            group.bearer = Bearer::Nobody;
        }
        self.join_again(number);
    }

    /// A name becomes a file of its own, and that is told.
    fn go_apart(&mut self, number: u64, reason: String) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let Some(member) = &mut file.member else { return };
        member.role = Role::Apart;
        let (place, stays) = (file.place.clone(), member.stays);
        self.tell_hard_link(&place, reason, true);
        self.decide_alone(number, stays);
    }

    /// A name of a file is settled: others may have waited for it.
    pub(super) fn settled_name(&mut self, file: File) {
        let Some(Member { group: at, is_further, role, .. }) = file.member else { return };
        let Some(group) = self.hard_links.groups.get_mut(&at) else { return };
        if role == Role::Bearer {
            group.bearer = Bearer::settled(file);
        }
        group.unsettled -= u32::from(is_further);
        if group.is_told && group.unsettled == 0 {
            self.hard_links.groups.remove(&at);
        }
        if role == Role::Bearer {
            self.hard_links.wake(at);
        }
    }

    fn tell_hard_link(&mut self, place: &Place, reason: String, at_destination: bool) {
        if self.may_tell_renamed() && !self.looks() {
            let fault = Fault::never(Code::HardLinksNotKept, reason);
            self.event(EventCode::HardLinksNotKept, place, fault, at_destination);
        }
    }
}

/// Names in one effect.
const LINKS_MAX: usize = 256;
/// Effects that are out at once.
const EFFECTS_MAX: usize = 4;
