//! Extended attributes of open files: those that programs of any user may give a file.

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
pub(super) use self::system::{give, read};

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
mod system {
    use std::{fs::File, io};

    use outport_protocol::session::{ATTRIBUTE_BYTES_MAX, Attribute, Attributes};
    use rustix::{
        fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr},
        io::Errno,
    };

    /// The attributes of a file; one on a disk that has no such thing has none.
    pub(in crate::store) fn read(file: &File) -> Attributes {
        let Ok(names) = names(file) else { return Attributes::default().leaving(1) };
        let (mut found, mut unread) = (Vec::new(), 0);
        for name in names {
            let mut value = vec![0; ATTRIBUTE_BYTES_MAX + 1];
            match fgetxattr(file, system_name(&name).as_slice(), &mut value[..]) {
                Ok(bytes) => {
                    value.truncate(bytes);
                    found.push(Attribute { name, value });
                }
                Err(Errno::NODATA) => {} // gone meanwhile
                Err(_) => unread += 1,
            }
        }
        Attributes::new(found).leaving(unread)
    }

    /// Gives a file these attributes and no others; the names of those that it cannot have.
    pub(in crate::store) fn give(file: &File, wanted: &[Attribute]) -> io::Result<Vec<Vec<u8>>> {
        for name in names(file)? {
            if wanted.iter().all(|attribute| attribute.name != name) {
                fremovexattr(file, system_name(&name).as_slice())?;
            }
        }
        let mut refused = Vec::new();
        for Attribute { name, value } in wanted {
            match fsetxattr(file, system_name(name).as_slice(), value, XattrFlags::empty()) {
                Ok(()) => {}
                Err(error @ Errno::IO) => return Err(error.into()),
                Err(_) => refused.push(name.clone()),
            }
        }
        Ok(refused)
    }

    fn names(file: &File) -> io::Result<Vec<Vec<u8>>> {
        let mut list = vec![0; LIST_BYTES_MAX];
        let bytes = match flistxattr(file, &mut list[..]) {
            Ok(bytes) => bytes,
            Err(Errno::NOTSUP | Errno::NOSYS) => 0,
            Err(error) => return Err(error.into()),
        };
        let names = list[..bytes].split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.filter_map(own_name).collect())
    }

    /// The name as it travels; `None` for what is the system's.
    fn own_name(name: &[u8]) -> Option<Vec<u8>> {
        if cfg!(target_os = "linux") {
            return name.strip_prefix(PREFIX).map(<[u8]>::to_vec);
        }
        let is_systems = SYSTEMS.contains(&name);
        (!is_systems).then(|| name.to_vec())
    }

    fn system_name(name: &[u8]) -> Vec<u8> {
        let prefix = if cfg!(target_os = "linux") { PREFIX } else { b"" };
        [prefix, name].concat()
    }

    /// What Linux puts before the names that any program may use.
    const PREFIX: &[u8] = b"user.";
    /// What macOS notes of where a file came from here.
    const SYSTEMS: [&[u8]; 2] = [b"com.apple.provenance", b"com.apple.quarantine"];
    /// What Linux lists at most.
    const LIST_BYTES_MAX: usize = 64 * 1024;
}

/// Elsewhere files have none, and take none.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub(super) fn read(_: &std::fs::File) -> outport_protocol::session::Attributes {
    outport_protocol::session::Attributes::default()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub(super) fn give(
    _: &std::fs::File,
    wanted: &[outport_protocol::session::Attribute],
) -> std::io::Result<Vec<Vec<u8>>> {
    Ok(wanted.iter().map(|attribute| attribute.name.clone()).collect())
}
