//! Listing, stat, mkdir and rename: asked of the agent, answered within half a minute.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use outport_api::transfer::{
    FileDocument, FileList, FileTime, FileType, Mkdir, MkdirResult, OperationResult, Rename, code,
    error_code,
};
use outport_protocol::{
    control::{FileEntry, FileKind, ListQuery, Operation, Outcome},
    ticket::Grant,
};
use outport_types::{Code, CollectionPath, EndpointId, Problem, RequestId};
use uuid::Uuid;

use super::listing::{parse_filter, parse_order};
use crate::{
    endpoints::{EndpointError, done, parse_id},
    http::{
        Caller, JsonBody, Params, TransferApi, TransferError, TransferShape, current_id,
        current_path,
    },
    presence::{ANSWER_TIMEOUT, AskError},
    state::HubState,
};

pub(super) async fn list(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
    params: Params,
) -> Result<Json<FileList>, TransferError> {
    let endpoint = usable(&hub, &caller, &ep).await?;
    let path = params.get("path").map(parse_path).transpose()?;
    let order = parse_order(params.get("orderby").unwrap_or_default());
    let order = order.map_err(|error| TransferError::bad_request(error.to_string()))?;
    let filters = params.all("filter").map(parse_filter).collect::<Result<Vec<_>, _>>();
    let filters = filters.map_err(|error| TransferError::bad_request(error.to_string()))?;
    let query = ListQuery {
        path: path.clone(),
        show_hidden: params.flag("show_hidden")?.unwrap_or(true),
        order,
        filters,
        offset: params.number("offset", 0, u64::MAX)?,
        limit: params.number("limit", LISTING_MAX, LISTING_MAX)?,
    };
    let (limit, offset) = (query.limit, query.offset);
    let grants = vec![Grant::read(path.unwrap_or_else(default_directory))];
    let asked = Asked { endpoint, what: What::List };
    let outcome = asked.of(&hub, Operation::List(query), grants).await?;
    let Outcome::Listing(listing) = outcome else { return Err(asked.nonsense(&outcome)) };
    let path = match listing.path.to_string() {
        root if root == "/" => root,
        path => path + "/",
    };
    Ok(Json(FileList {
        endpoint,
        path,
        absolute_path: None,
        length: listing.entries.len() as u64,
        total: listing.total,
        limit,
        offset,
        rename_supported: true,
        symlink_supported: false,
        data: listing.entries.into_iter().map(document).collect(),
    }))
}

pub(super) async fn stat(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
    params: Params,
) -> Result<Json<FileDocument>, TransferError> {
    let endpoint = usable(&hub, &caller, &ep).await?;
    let path = params.get("path").ok_or_else(|| TransferError::bad_request("path is missing."))?;
    let path = parse_path(path)?;
    let grants = vec![Grant::read(path.clone())];
    let asked = Asked { endpoint, what: What::Stat };
    let outcome = asked.of(&hub, Operation::Stat { path }, grants).await?;
    let Outcome::File(entry) = outcome else { return Err(asked.nonsense(&outcome)) };
    Ok(Json(document(entry)))
}

pub(super) async fn mkdir(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
    JsonBody(asked_for, _): JsonBody<Mkdir, TransferShape>,
) -> Result<Json<MkdirResult>, TransferError> {
    let endpoint = usable(&hub, &caller, &ep).await?;
    let path = parse_path(&asked_for.path)?;
    let grants = vec![Grant::write(path.clone())];
    let asked = Asked { endpoint, what: What::Mkdir };
    let outcome = asked.of(&hub, Operation::Mkdir { path }, grants).await?;
    let Outcome::Done = outcome else { return Err(asked.nonsense(&outcome)) };
    Ok(Json(MkdirResult {
        code: code::DIRECTORY_CREATED.to_owned(),
        message: "The directory was created successfully.".to_owned(),
        request_id: current_id(),
        resource: current_path(),
    }))
}

pub(super) async fn rename(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
    JsonBody(asked_for, _): JsonBody<Rename, TransferShape>,
) -> Result<Json<OperationResult>, TransferError> {
    let endpoint = usable(&hub, &caller, &ep).await?;
    let (from, to) = (parse_path(&asked_for.old_path)?, parse_path(&asked_for.new_path)?);
    let grants = vec![Grant::all(from.clone()), Grant::write(to.clone())];
    let asked = Asked { endpoint, what: What::Rename };
    let outcome = asked.of(&hub, Operation::Rename { from, to }, grants).await?;
    let Outcome::Done = outcome else { return Err(asked.nonsense(&outcome)) };
    Ok(Json(done(code::FILE_RENAMED, "File or directory renamed successfully.")))
}

/// Reads a path as it was typed; a relative one starts at the default directory.
pub(super) fn parse_path(text: &str) -> Result<CollectionPath, TransferError> {
    let typed = match text.chars().next() {
        Some('/' | '~') => text.to_owned(),
        Some(_) | None => format!("/~/{text}"),
    };
    typed.parse().map_err(|reason: outport_types::PathError| {
        let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
        let args = [("path", shown.into()), ("reason", reason.to_string().into())];
        let problem = Problem::new(Code::BadPath, args);
        TransferError::problem(StatusCode::BAD_REQUEST, error_code::BAD_REQUEST, problem)
    })
}

/// The endpoint, if the caller may use its files.
async fn usable(
    hub: &HubState,
    caller: &Caller<TransferApi>,
    ep: &str,
) -> Result<EndpointId, TransferError> {
    let id = parse_id(ep)?;
    let (_, rights) = hub.endpoint_for(caller, id).await?;
    if !rights.use_files {
        return Err(EndpointError::Forbidden { what: "use the files of this endpoint" }.into());
    }
    Ok(id)
}

fn default_directory() -> CollectionPath {
    "~".parse().expect("the default directory is a path")
}

#[derive(Clone, Copy)]
enum What {
    List,
    Stat,
    Mkdir,
    Rename,
}

#[derive(Clone, Copy)]
struct Asked {
    endpoint: EndpointId,
    what: What,
}

impl Asked {
    async fn of(
        self,
        hub: &HubState,
        operation: Operation,
        grants: Vec<Grant>,
    ) -> Result<Outcome, TransferError> {
        let problem = match hub.presence.ask(self.endpoint, operation, grants).await {
            Ok(Outcome::Failed(problem)) => problem,
            Ok(outcome) => return Ok(outcome),
            Err(error) => {
                let name = self.name(hub).await?;
                match error {
                    AskError::NotConnected => {
                        Problem::new(Code::NotConnected, [("endpoint", name.into())])
                    }
                    AskError::Timeout => {
                        let seconds = ANSWER_TIMEOUT.as_secs().into();
                        let args = [("endpoint", name.into()), ("seconds", seconds)];
                        Problem::new(Code::EndpointTimeout, args)
                    }
                    AskError::Busy => {
                        let seconds = BUSY_SECONDS.into();
                        Problem::new(Code::HubBusy, [("seconds", seconds)])
                    }
                }
            }
        };
        let (status, code) = self.word(problem.code);
        Err(TransferError::problem(status, code, problem))
    }

    async fn name(self, hub: &HubState) -> Result<String, TransferError> {
        let id: Uuid = self.endpoint.uuid();
        let names = hub.endpoints.names([id]).await?;
        Ok(names.get(&id).map(ToString::to_string).unwrap_or_default())
    }

    /// The agent answered something else than what was asked.
    fn nonsense(self, outcome: &Outcome) -> TransferError {
        tracing::debug!(endpoint = %self.endpoint, ?outcome, "an answer to another question");
        let request = RequestId::random().to_string();
        let problem = Problem::new(Code::Internal, [("request", request.into())]);
        TransferError::problem(StatusCode::BAD_GATEWAY, error_code::ENDPOINT, problem)
    }

    /// The contract's words for a problem that an agent has.
    fn word(self, problem: Code) -> (StatusCode, String) {
        let failed = match self.what {
            What::List => error_code::DIR_LISTING_FAILED,
            What::Stat => "ExternalError.StatFailed",
            What::Mkdir => "ExternalError.MkdirFailed",
            What::Rename => "ExternalError.RenameFailed",
        };
        if problem == Code::NotFound && matches!(self.what, What::Stat) {
            return (StatusCode::NOT_FOUND, error_code::NOT_FOUND.to_owned());
        }
        let plain = WORDS.iter().find(|(codes, ..)| codes.contains(&problem));
        if let Some((_, status, word)) = plain {
            return (*status, (*word).to_owned());
        }
        let reason = REASONS.iter().find(|(code, _)| *code == problem);
        let word =
            reason.map_or_else(|| failed.to_owned(), |(_, reason)| format!("{failed}.{reason}"));
        (StatusCode::BAD_GATEWAY, word)
    }
}

/// Problems whose word does not depend on what was asked.
const WORDS: &[(&[Code], StatusCode, &str)] = &[
    (&[Code::NotFound], StatusCode::NOT_FOUND, error_code::CLIENT_NOT_FOUND),
    (
        &[Code::NotShared, Code::ReadOnly, Code::FolderRemoved, Code::FolderItself],
        StatusCode::FORBIDDEN,
        error_code::ENDPOINT_PERMISSION_DENIED,
    ),
    (&[Code::BadPath, Code::BadName], StatusCode::BAD_REQUEST, error_code::BAD_REQUEST),
    (
        &[Code::HubBusy, Code::EndpointBusy],
        StatusCode::SERVICE_UNAVAILABLE,
        error_code::SERVICE_UNAVAILABLE,
    ),
];
/// What is appended to the word for a failure at the endpoint.
const REASONS: &[(Code, &str)] = &[
    (Code::OsPermission, "PermissionDenied"),
    (Code::NotADirectory, "NotDirectory"),
    (Code::IsADirectory, "IsDirectory"),
    (Code::Exists, "Exists"),
    (Code::NotEmpty, "NotEmpty"),
    (Code::NotConnected, "GCDisconnected"),
    (Code::EndpointClosing, "GCDisconnected"),
    (Code::EndpointPaused, "GCPaused"),
    (Code::EndpointTimeout, "Timeout"),
    (Code::ListingTooLong, "SizeLimit"),
    (Code::NoDefaultDirectory, "NoDefaultDirectory"),
    (Code::NoSpace, "NoSpace"),
];

fn document(entry: FileEntry) -> FileDocument {
    let FileEntry { name, kind, size, modified, mode, user, group, link_target } = entry;
    FileDocument {
        name: name.map_or_else(|| "/".to_owned(), |name| name.to_string()),
        file_type: match kind {
            FileKind::Dir => FileType::Dir,
            FileKind::File => FileType::File,
            FileKind::Link => FileType::InvalidSymlink,
            FileKind::Special => FileType::Other,
        },
        size,
        permissions: Some(format!("{:04o}", mode & 0o7777)),
        user: Some(user),
        group: Some(group),
        last_modified: Some(FileTime(modified)),
        link_target,
        link_size: None,
        link_user: None,
        link_group: None,
        link_last_modified: None,
    }
}

/// Entries of one listing; more do not fit into a message of an agent.
const LISTING_MAX: u64 = 100_000;
/// When to ask again an endpoint that has too many questions open.
const BUSY_SECONDS: u64 = 5;
/// How much of a bad path an error repeats.
const SHOWN_CHARS_MAX: usize = 200;
