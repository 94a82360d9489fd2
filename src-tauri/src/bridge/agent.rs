//! What the window may ask of the agent: each is one call on [`outport_control::Client`].
//!
//! Left out is what is not for a page: ending the agent, and the tokens of the owner.

use outport_control::{
    Account, CallError, Collection, CollectionQuery, Diagnostics, DoctorReport, Entry, Folder,
    FolderTest, HubFacts, KeyPlace, Limits, ListQuery, Listing, NameCheck, NewComputer,
    NewDeletion, NewFolder, NewProxy, NewTransfer, Preset, ProxyView, RenameFile, Secret, SetUp,
    Settings, SignInView, SignInWay, Snapshot, TaskChange, TaskDetail, TaskDifferences, TaskFiles,
    TaskQuery, TaskSkips, TaskView,
};
use outport_types::{Chain, EndpointId, Problem, TaskId, UnixTime};
use tauri::State;

use crate::shell::Shell;

/// Declares commands, each of them the client's method of that name.
macro_rules! questions {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)+) => {$(
        #[tauri::command]
        #[specta::specta]
        pub(super) async fn $name(
            shell: State<'_, Shell>,
            $($arg: $kind,)*
        ) -> Result<$answer, Problem> {
            let mut client = shell.client().await?;
            client.$name($($arg),*).await.map_err(|error| told(stringify!($name), &error))
        }
    )+};
}

questions! {
    status() -> Snapshot;
    pause(until: Option<UnixTime>) -> ();
    resume() -> ();
    folders() -> Vec<Folder>;
    add_folder(folder: NewFolder) -> Vec<Folder>;
    remove_folder(path: String) -> Vec<Folder>;
    test_folder(path: String) -> FolderTest;
    doctor() -> DoctorReport;
    doctor_to(peer: String) -> DoctorReport;
    set_up(key: Secret, place: KeyPlace) -> SetUp;
    sign_out() -> ();
    account() -> Option<Account>;
    check_hub(address: String) -> HubFacts;
    begin_sign_in(hub: String, way: SignInWay) -> SignInView;
    cancel_sign_in() -> ();
    check_name(name: String) -> NameCheck;
    register(computer: NewComputer) -> SetUp;
    rename_computer(name: String) -> ();
    remove_computer(only_here: bool) -> ();
    preset() -> Preset;
    save_settings(settings: Settings) -> Settings;
    save_limits(limits: Limits) -> Limits;
    proxy() -> ProxyView;
    save_proxy(proxy: NewProxy) -> ProxyView;
    clear_proxy() -> ProxyView;
    diagnostics() -> Diagnostics;
    collections(query: CollectionQuery) -> Vec<Collection>;
    collection(name: String) -> Collection;
    list(query: ListQuery) -> Listing;
    stat(collection: EndpointId, path: String) -> Entry;
    make_folder(collection: EndpointId, path: String) -> ();
    rename_file(rename: RenameFile) -> ();
    transfer(transfer: NewTransfer) -> TaskId;
    delete_files(deletion: NewDeletion) -> TaskId;
    tasks(query: TaskQuery) -> Vec<TaskView>;
    task(task: TaskId) -> TaskDetail;
    task_files(task: TaskId, marker: Option<u64>) -> TaskFiles;
    task_skipped(task: TaskId, marker: Option<u64>) -> TaskSkips;
    task_differences(task: TaskId, marker: Option<u64>) -> TaskDifferences;
    cancel_task(task: TaskId) -> ();
    retry_task(task: TaskId) -> TaskId;
    update_task(change: TaskChange) -> ();
}

/// The last lines of the agent's log.
#[tauri::command]
#[specta::specta]
pub(super) async fn log(shell: State<'_, Shell>, lines: u32) -> Result<Vec<String>, Problem> {
    let client = shell.client().await?;
    let failed = |error| told("log", &error);
    let mut read = client.log(lines.min(LINES_MAX), false).await.map_err(failed)?;
    let mut all = Vec::new();
    while let Some(some) = read.next().await.map_err(failed)? {
        all.extend(some);
    }
    Ok(all)
}

/// The cause goes to the log, what to do to the screen.
fn told(question: &str, error: &CallError) -> Problem {
    tracing::debug!(question, error = %Chain(error), "the agent did not answer as asked");
    error.problem()
}

/// More than anybody reads in a window; the file has all.
const LINES_MAX: u32 = 5000;
