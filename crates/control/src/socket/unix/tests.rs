//! Another user of the same computer.

use std::{env, fs::Permissions, io::Read as _, os::unix::net, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::*;
use crate::paths::Profile;

#[tokio::test]
async fn another_user_is_turned_away_where_the_file_system_lets_him_in() {
    if !geteuid().is_root() {
        return skip("a process of another user needs root");
    }
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let listener = Listener::bind(&paths).unwrap();
    // As on a file system that keeps no modes: only the look at the other side is left.
    for dir in listener.path.ancestors().skip(1).take_while(|dir| dir.starts_with(home.path())) {
        fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&listener.path, Permissions::from_mode(0o666)).unwrap();
    let refused = connect(&paths).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "the directory is not private");

    // This program, where another user can start it.
    let program = home.path().join("client");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mut client = Command::new(&program);
    client.args(["--exact", CLIENT]).env(SOCKET, &listener.path);
    client.stdin(Stdio::null()).current_dir("/").uid(NOBODY).gid(NOBODY).kill_on_drop(true);
    let turned_away = async {
        tokio::select! {
            done = client.output() => done.unwrap(),
            accepted = listener.accept() => panic!("another user was let in: {accepted:?}"),
        }
    };
    let done = timeout(LONG, turned_away).await.expect("it is turned away");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && told.contains("1 passed"), "{told}");

    let own = UnixStream::connect(&listener.path);
    let (own, accepted) =
        timeout(LONG, async { tokio::join!(own, listener.accept()) }).await.unwrap();
    own.unwrap();
    accepted.unwrap();
}

/// What the other user does. In a run of its own there is nobody to turn to.
#[test]
fn client_of_another_user() {
    let Some(socket) = env::var_os(SOCKET) else { return };
    assert!(!geteuid().is_root());
    let mut stream = net::UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    // Nothing is said to it, not even that it is not wanted.
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

/// As `outport_tests::skip` does: `cargo xtask test` sets the variables and lists the reasons.
fn skip(reason: &str) {
    use std::io::Write as _;
    assert!(env::var_os("OUTPORT_NO_SKIP").is_none(), "must not be skipped here: {reason}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED: {test}: {reason}\n");
    if let Some(list) = env::var_os("OUTPORT_SKIPPED") {
        let mut list = fs::File::options().append(true).create(true).open(list).unwrap();
        list.write_all(line.as_bytes()).unwrap();
    }
    io::stderr().write_all(line.as_bytes()).unwrap();
}

const CLIENT: &str = "socket::unix::tests::client_of_another_user";
const SOCKET: &str = "OUTPORT_TEST_SOCKET";
/// `nobody`; it need not be in the list of users.
const NOBODY: u32 = 65534;
const LONG: Duration = Duration::from_secs(20);
