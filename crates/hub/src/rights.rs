//! Who may do what with an endpoint: the only place that decides.

use outport_types::AccountId;

use crate::{http::Caller, store::entity::endpoint};

/// What a caller may do with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Know that it exists and what it is called.
    pub(crate) see: bool,
    /// List, read and write files, within what its folders allow.
    pub(crate) use_files: bool,
    /// Change its settings, set it up anew, delete it.
    pub(crate) manage: bool,
}

impl Rights {
    const NONE: Self = Self { see: false, use_files: false, manage: false };
    const ALL: Self = Self { see: true, use_files: true, manage: true };

    /// The roles that documents name.
    pub(crate) fn roles(self) -> Vec<String> {
        if self.manage { vec!["administrator".to_owned()] } else { Vec::new() }
    }
}

/// What the caller may do with the endpoint.
pub(crate) fn rights<A>(caller: &Caller<A>, endpoint: &endpoint::Model) -> Rights {
    if AccountId::from_uuid(endpoint.account_id) == caller.account {
        return Rights::ALL;
    }
    // An administrator of the hub keeps order in it, but has no business with people's files.
    let see = endpoint.public || caller.is_admin;
    Rights { see, manage: caller.is_admin, ..Rights::NONE }
}
