//! Keys in files and in a keyring.

use outport_control::Profile;

use super::{testing::Keyring, *};

#[test]
fn a_key_in_a_file_comes_back_and_is_private() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    fs::create_dir_all(&paths.state_dir).unwrap();
    let public = create(&paths, KeyPlace::File).unwrap().public();
    assert_eq!(load(&paths, KeyPlace::File, &public).unwrap().public(), public);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = file(&paths, &public);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let exposed = load(&paths, KeyPlace::File, &public);
        assert!(matches!(exposed, Err(KeyError::Exposed { .. })));
    }
}

#[test]
fn an_absent_or_foreign_key_is_a_problem_and_never_a_new_key() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    fs::create_dir_all(&paths.state_dir).unwrap();
    let other = PublicKey([7; 32]);
    let absent = load(&paths, KeyPlace::File, &other).unwrap_err();
    assert!(matches!(absent, KeyError::File { .. }));
    assert_eq!(absent.problem().code, Code::KeyUnavailable);
    let text = URL_SAFE_NO_PAD.encode([1; 32]);
    write_atomic(&file(&paths, &other), text.as_bytes(), Readers::Owner).unwrap();
    assert!(matches!(load(&paths, KeyPlace::File, &other), Err(KeyError::OtherKey)));
    assert_eq!(fs::read_dir(&paths.state_dir).unwrap().count(), 1);
}

#[test]
fn a_key_in_the_keyring_comes_back_and_stands_in_no_file() {
    let _keyring = Keyring::install();
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    fs::create_dir_all(&paths.state_dir).unwrap();
    let public = create(&paths, KeyPlace::Keyring).unwrap().public();
    assert_eq!(load(&paths, KeyPlace::Keyring, &public).unwrap().public(), public);
    assert_eq!(fs::read_dir(&paths.state_dir).unwrap().count(), 0);

    let other = Paths::below(home.path(), "other".parse().unwrap());
    let of_another = load(&other, KeyPlace::Keyring, &public);
    assert!(matches!(of_another, Err(KeyError::NotInKeyring)), "each profile has its own");

    forget(&paths, KeyPlace::Keyring, &public);
    let gone = load(&paths, KeyPlace::Keyring, &public).unwrap_err();
    assert!(matches!(gone, KeyError::NotInKeyring));
    assert_eq!(gone.problem().code, Code::KeyUnavailable);
}

#[test]
fn a_locked_keyring_is_a_problem_until_it_is_unlocked() {
    let keyring = Keyring::install();
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let public = create(&paths, KeyPlace::Keyring).unwrap().public();
    keyring.lock_once(&paths, &public);
    let locked = load(&paths, KeyPlace::Keyring, &public).unwrap_err();
    assert!(matches!(locked, KeyError::Keyring(_)), "{locked:?}");
    assert!(locked.problem().message.contains("it is locked"), "{}", locked.problem().message);
    assert_eq!(load(&paths, KeyPlace::Keyring, &public).unwrap().public(), public);
}

#[test]
fn what_stands_in_the_keyring_and_is_another_key_is_not_used() {
    let _keyring = Keyring::install();
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let public = PublicKey([7; 32]);
    for text in ["", "not a key", &URL_SAFE_NO_PAD.encode([1; 32])] {
        entry(&paths, &public).unwrap().set_password(text).unwrap();
        let other = load(&paths, KeyPlace::Keyring, &public);
        assert!(matches!(other, Err(KeyError::OtherKey)), "{text}: {other:?}");
    }
}
