//! What a shell could do wrong, one thing at a time.
//!
//! Each is put into the simulated shells only, never into what is shipped, and each must make a seed
//! fail: a rule whose breach nobody notices is not being checked.

/// One thing that a shell does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutation {
    /// Files are not flushed before they are renamed or spoken of.
    SkipFileSync,
    /// Directories that hold unfinished files are not flushed.
    SkipTempDirSync,
    /// Directories are not flushed after a rename.
    SkipPlacedDirSync,
    /// Directories are flushed only after it was said that they are.
    LateDirSync,
    /// Directories above an item are not flushed when they are made.
    SkipItemDirSync,
    /// An append that speaks of directories with unfinished files is not flushed.
    SkipTouchedSync,
    /// An append that speaks of held blocks is not flushed.
    SkipHeldSync,
    /// An append that speaks of files that are about to be renamed is not flushed.
    SkipPlacingSync,
    /// An append that speaks of finished files is not flushed.
    SkipDoneSync,
    /// The append with the end of the task is not flushed.
    SkipFinishedSync,
    /// What an earlier session left of the journal is not flushed before it is gone on from.
    SkipStartSync,
    /// The journal's name is not flushed.
    SkipJournalDirSync,
    /// What was swept is not flushed.
    SkipSweepSync,
    /// Nothing is swept.
    SkipSweep,
    /// A torn end of the journal is not cut off.
    KeepTornEnd,
    /// Pieces are written without comparing their hashes.
    SkipHashCheck,
    /// Blocks are not read back.
    SkipReadBack,
    /// Renaming is copying.
    CopyIntoPlace,
    /// A finished file does not get its size.
    SkipFinishSize,
    /// A finished file does not get its time.
    SkipFinishTime,
    /// Temporary files are opened, not made.
    ReuseTemp,
    /// The sender does not look at a file again after reading it.
    IgnoreChange,
    /// A finished file does not get its extended attributes.
    SkipAttributes,
    /// Directories do not get their times.
    SkipDirTimes,
    /// Sweeping gives a directory a new time.
    SweepTouches,
    /// Links are said to be made and are not.
    SkipLinks,
    /// A link is put in the place of a file in two steps.
    RemoveForLink,
    /// The sender does not filter.
    IgnoreFilter,
    /// What stands at the destination only is said to be removed and is not.
    SkipExtras,
    /// What a filter hides is removed as well.
    RemoveHidden,
    /// What stands at the source is removed as well.
    RemoveKnown,
    /// Names that cannot be on the disk are taken all the same.
    TakeBadNames,
    /// A file is put in place whatever checksum it has.
    IgnoreChecksum,
    /// What was to get a free name takes the place of what has its own.
    IgnoreFreeName,
    /// Holes are told of, and what stood in their place stays.
    KeepOldBytes,
    /// What is only to be looked for is made.
    MakeAnyway,
    /// A file that was to get another name is copied.
    CopyNames,
}

impl Mutation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::SkipFileSync,
        Self::SkipTempDirSync,
        Self::SkipPlacedDirSync,
        Self::LateDirSync,
        Self::SkipItemDirSync,
        Self::SkipTouchedSync,
        Self::SkipHeldSync,
        Self::SkipPlacingSync,
        Self::SkipDoneSync,
        Self::SkipFinishedSync,
        Self::SkipStartSync,
        Self::SkipJournalDirSync,
        Self::SkipSweepSync,
        Self::SkipSweep,
        Self::KeepTornEnd,
        Self::SkipHashCheck,
        Self::SkipReadBack,
        Self::CopyIntoPlace,
        Self::SkipFinishSize,
        Self::SkipFinishTime,
        Self::ReuseTemp,
        Self::IgnoreChange,
        Self::SkipAttributes,
        Self::SkipDirTimes,
        Self::SweepTouches,
        Self::SkipLinks,
        Self::RemoveForLink,
        Self::IgnoreFilter,
        Self::SkipExtras,
        Self::RemoveHidden,
        Self::RemoveKnown,
        Self::TakeBadNames,
        Self::IgnoreFreeName,
        Self::KeepOldBytes,
        Self::MakeAnyway,
        Self::CopyNames,
        Self::IgnoreChecksum,
    ];
}
