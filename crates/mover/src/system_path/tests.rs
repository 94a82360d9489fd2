//! What each system takes and how it spells it.

use super::*;

fn path(text: &str) -> CollectionPath {
    text.parse().unwrap()
}

fn name(bytes: &[u8]) -> Name {
    Name::from_bytes(bytes).unwrap()
}

fn wide(text: &str) -> Spelling {
    Spelling::Wide(text.encode_utf16().collect())
}

#[test]
fn unix_paths_are_the_collections_paths() {
    for system in [System::Linux, System::MacOs] {
        for text in ["/", "/home/smith", "/with, comma%2C/and\nnewline/\"quote\""] {
            let spelled = system.spell(&path(text)).unwrap();
            assert_eq!(spelled, Spelling::Bytes(text.as_bytes().to_vec()));
            assert_eq!(system.read(&spelled), Ok(path(text)));
        }
        assert_eq!(
            system.read(&Spelling::Bytes(b"home".to_vec())),
            Err(SystemPathError::NotAbsolute)
        );
        assert_eq!(
            system.read(&Spelling::Bytes(b"/home/../etc".to_vec())),
            Err(SystemPathError::Path(PathError::Dots))
        );
    }
}

#[test]
fn linux_takes_any_bytes_and_macos_only_text() {
    let latin = name(b"caf\xe9");
    assert_eq!(System::Linux.check_name(&latin), Ok(()));
    assert_eq!(System::MacOs.check_name(&latin), Err(NameProblem::NotUnicode));
    assert_eq!(System::Windows.check_name(&latin), Err(NameProblem::NotUnicode));
    let long = name(&[b'a'; 256]);
    for system in [System::Linux, System::MacOs, System::Windows] {
        assert!(matches!(system.check_name(&long), Err(NameProblem::TooLong { .. })));
    }
}

#[test]
fn windows_paths_have_a_drive_first() {
    for (collection, windows) in [
        ("/C", r"\\?\C:\"),
        ("/C/Users/Ann", r"\\?\C:\Users\Ann"),
        ("/UNC/server/share/x", r"\\?\UNC\server\share\x"),
    ] {
        let spelled = System::Windows.spell(&path(collection)).unwrap();
        assert_eq!(spelled, wide(windows));
        assert_eq!(System::Windows.read(&spelled), Ok(path(collection)));
    }
    for (windows, collection) in [
        (r"c:\Users\Ann\", "/C/Users/Ann"),
        ("D:/data", "/D/data"),
        (r"\\server\share\x", "/UNC/server/share/x"),
    ] {
        assert_eq!(System::Windows.read(&wide(windows)), Ok(path(collection)));
    }
    for relative in ["C:data", "data", r"\data", "", "C"] {
        assert_eq!(System::Windows.read(&wide(relative)), Err(SystemPathError::NotAbsolute));
    }
    for none in ["/", "/home/x", "/~/x"] {
        assert_eq!(System::Windows.spell(&path(none)), Err(NameProblem::NoDrive));
    }
}

#[test]
fn windows_refuses_what_would_mean_something_else() {
    for device in ["CON", "nul", "Aux.txt", "com1", "LPT9.tar.gz", "COM¹", "conin$", "nul .txt"] {
        let problem = System::Windows.check_name(&name(device.as_bytes()));
        assert_eq!(problem, Err(NameProblem::Device), "{device}");
    }
    for fine in ["CONSOLE", "COM10", "null", "LPT", "com", ".nul", "x.con"] {
        assert_eq!(System::Windows.check_name(&name(fine.as_bytes())), Ok(()), "{fine}");
    }
    for trailing in ["a.", "a ", "a. .", "..."] {
        let problem = System::Windows.check_name(&name(trailing.as_bytes()));
        assert_eq!(problem, Err(NameProblem::TrailingDotOrSpace), "{trailing}");
    }
    let stream = System::Windows.check_name(&name(b"file.txt:hidden"));
    assert_eq!(stream, Err(NameProblem::Forbidden(':')));
    for (bad, c) in [(r"a\b", '\\'), ("a*", '*'), ("a?", '?'), ("\"q\"", '"'), ("a|b", '|')] {
        let problem = System::Windows.check_name(&name(bad.as_bytes()));
        assert_eq!(problem, Err(NameProblem::Forbidden(c)));
    }
    let newline = System::Windows.check_name(&name(b"a\nb"));
    assert_eq!(newline, Err(NameProblem::Control));
}

#[test]
fn lone_surrogates_of_ntfs_come_back() {
    let units = [u16::from(b'a'), 0xd800, u16::from(b'b'), 0xdc37, 0xd83d, 0xde00];
    let bytes = wide_to_wtf8(&units);
    assert_eq!(wtf8_to_wide(&bytes).as_deref(), Some(&units[..]));
    assert_eq!(wtf8_to_wide(b"\xed\x20"), None);
    assert_eq!(wtf8_to_wide(b"\xff"), None);
}

#[test]
fn short_names_are_told_from_ordinary_ones() {
    for short in ["PROGRA~1", "SSH~1", "A~12.TXT", "~1"] {
        assert!(System::Windows.may_be_short_name(&name(short.as_bytes())), "{short}");
        assert!(!System::Linux.may_be_short_name(&name(short.as_bytes())));
    }
    for long in ["PROGRAMS~1", "a~b", "backup~", "A~1.TEXT", "plain"] {
        assert!(!System::Windows.may_be_short_name(&name(long.as_bytes())), "{long}");
    }
}

#[test]
fn names_of_this_system_come_back() {
    for text in ["plain", "Büro ☃", " space ", "e\u{301}", "\u{e9}"] {
        let name = name(text.as_bytes());
        assert_eq!(name_from_host(&name_to_host(&name)), Ok(name));
    }
}
