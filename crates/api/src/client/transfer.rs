//! The Transfer API, call by call.

use outport_types::{EndpointId, EndpointRef, SubmissionId, TaskId, TaskKind, TaskStatus};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Client, ClientError,
    http::{Ask, Http},
};
use crate::{
    auth::{Userinfo, names},
    hub::{ABOUT_PATH, AboutHub, BY_NAME_PATH, NewSetupKey, TaskDifferences, differences_path},
    transfer::{
        DeleteSubmission, Endpoint, EndpointCreateResult, EndpointList, EndpointSettings, Event,
        EventList, FileDocument, FileList, Mkdir, MkdirResult, OperationResult, PREFIX,
        PauseReasons, Rename, SkippedErrors, SubmissionIdDocument, SubmissionResult,
        SuccessfulTransfers, Task, TaskList, TaskUpdate, TransferSubmission,
    },
};

/// Which endpoints a search looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointScope {
    /// Those that the caller owns.
    #[default]
    Mine,
    /// Those that others share with the caller.
    SharedWithMe,
    /// Those that the caller used lately.
    RecentlyUsed,
    /// All that the caller may see; needs a text to search for.
    All,
}

/// What a listing asks for; the hub's defaults, where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LsQuery {
    /// The directory; the default directory, when absent.
    pub path: Option<String>,
    /// Whether names that start with a dot are listed.
    pub show_hidden: bool,
    /// `name ASC,size DESC`.
    pub order: Option<String>,
    /// Conditions, of which an entry must pass one.
    pub filters: Vec<String>,
    /// Entries to leave out.
    pub offset: u64,
    /// Entries to answer at most.
    pub limit: Option<u64>,
}

/// Which tasks are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only in this state.
    pub status: Option<TaskStatus>,
    /// Only of this kind.
    pub kind: Option<TaskKind>,
    /// Only labels that match this glob.
    pub label: Option<String>,
}

impl Client {
    /// Who the sign-in speaks for.
    ///
    /// # Errors
    /// As for every request.
    pub async fn userinfo(&self) -> Result<Userinfo, ClientError> {
        self.get(names::server::AUTH, names::route::USERINFO, Vec::new(), "user").await
    }

    /// What the hub tells everybody about itself.
    ///
    /// # Errors
    /// As for every request.
    pub async fn hub_info(&self) -> Result<AboutHub, ClientError> {
        hub_info(&self.http).await
    }

    /// One endpoint.
    ///
    /// # Errors
    /// As for every request; 404 when there is none.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, ClientError> {
        self.read(&format!("endpoint/{id}"), Vec::new(), "endpoint").await
    }

    /// Up to `limit` endpoints.
    ///
    /// # Errors
    /// As for every request.
    pub async fn endpoints(
        &self,
        scope: EndpointScope,
        text: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Endpoint>, ClientError> {
        let mut found = Vec::new();
        loop {
            let want = (limit - found.len()).min(PAGE);
            let mut query = vec![
                ("filter_scope", scope.word().to_owned()),
                ("limit", want.to_string()),
                ("offset", found.len().to_string()),
            ];
            if let Some(text) = text {
                query.push(("filter_fulltext", text.to_owned()));
            }
            let page: EndpointList = self.read("endpoint_search", query, "list").await?;
            let more = page.has_next_page && !page.data.is_empty();
            found.extend(page.data);
            if !more || limit <= found.len() {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// The endpoint that a person names.
    ///
    /// # Errors
    /// As for every request; `ENDPOINT_NOT_FOUND` when there is none of that name.
    pub async fn find_endpoint(&self, name: &EndpointRef) -> Result<Endpoint, ClientError> {
        let path = match name {
            EndpointRef::Id(id) => return self.endpoint(*id).await,
            EndpointRef::Canonical(_) | EndpointRef::Own(_) => format!("{BY_NAME_PATH}/{name}"),
        };
        self.get(names::server::TRANSFER, &path, Vec::new(), "endpoint").await
    }

    /// Registers an endpoint; the answer holds its setup key.
    ///
    /// # Errors
    /// As for every request; 409 when the name is taken.
    pub async fn create_endpoint(
        &self,
        settings: &EndpointSettings,
    ) -> Result<EndpointCreateResult, ClientError> {
        self.change(Method::POST, "endpoint", Some(settings), "result").await
    }

    /// Makes a new setup key for an endpoint that is the caller's.
    ///
    /// # Errors
    /// As for every request.
    pub async fn new_setup_key(&self, id: EndpointId) -> Result<NewSetupKey, ClientError> {
        let path = format!("/outport/v1/endpoint/{id}/setup_key");
        let server = names::server::TRANSFER;
        self.send(server, Method::POST, &path, None::<&()>, "setup key").await
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// As for every request.
    pub async fn update_endpoint(
        &self,
        id: EndpointId,
        settings: &EndpointSettings,
    ) -> Result<OperationResult, ClientError> {
        self.change(Method::PUT, &format!("endpoint/{id}"), Some(settings), "result").await
    }

    /// Deletes an endpoint; files stay.
    ///
    /// # Errors
    /// As for every request.
    pub async fn delete_endpoint(&self, id: EndpointId) -> Result<OperationResult, ClientError> {
        self.change(Method::DELETE, &format!("endpoint/{id}"), None::<&()>, "result").await
    }

    /// Lists a directory.
    ///
    /// # Errors
    /// As for every request; what the endpoint refuses, is refused with its reason.
    pub async fn ls(&self, id: EndpointId, ask: &LsQuery) -> Result<FileList, ClientError> {
        let mut query = vec![("show_hidden", u8::from(ask.show_hidden).to_string())];
        query.extend(ask.path.clone().map(|path| ("path", path)));
        query.extend(ask.order.clone().map(|order| ("orderby", order)));
        query.extend(ask.filters.iter().map(|filter| ("filter", filter.clone())));
        query.extend((ask.offset != 0).then(|| ("offset", ask.offset.to_string())));
        query.extend(ask.limit.map(|limit| ("limit", limit.to_string())));
        self.read(&format!("operation/endpoint/{id}/ls"), query, "listing").await
    }

    /// Looks at one path.
    ///
    /// # Errors
    /// As for every request.
    pub async fn stat(&self, id: EndpointId, path: &str) -> Result<FileDocument, ClientError> {
        let query = vec![("path", path.to_owned())];
        self.read(&format!("operation/endpoint/{id}/stat"), query, "file").await
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As for every request.
    pub async fn mkdir(&self, id: EndpointId, path: &str) -> Result<MkdirResult, ClientError> {
        let document = Mkdir { path: path.to_owned() };
        let route = format!("operation/endpoint/{id}/mkdir");
        self.change(Method::POST, &route, Some(&document), "result").await
    }

    /// Renames a file or directory.
    ///
    /// # Errors
    /// As for every request.
    pub async fn rename(
        &self,
        id: EndpointId,
        old: &str,
        new: &str,
    ) -> Result<OperationResult, ClientError> {
        let document = Rename { old_path: old.to_owned(), new_path: new.to_owned() };
        let route = format!("operation/endpoint/{id}/rename");
        self.change(Method::POST, &route, Some(&document), "result").await
    }

    /// A fresh id that makes a submission idempotent.
    ///
    /// # Errors
    /// As for every request.
    pub async fn submission_id(&self) -> Result<SubmissionId, ClientError> {
        let document: SubmissionIdDocument =
            self.read("submission_id", Vec::new(), "submission id").await?;
        Ok(document.value)
    }

    /// Submits a transfer. The same submission id again answers with the same task.
    ///
    /// # Errors
    /// As for every request.
    pub async fn transfer(
        &self,
        submission: &TransferSubmission,
    ) -> Result<SubmissionResult, ClientError> {
        self.change(Method::POST, "transfer", Some(submission), "result").await
    }

    /// Submits a deletion. The same submission id again answers with the same task.
    ///
    /// # Errors
    /// As for every request.
    pub async fn delete(
        &self,
        submission: &DeleteSubmission,
    ) -> Result<SubmissionResult, ClientError> {
        self.change(Method::POST, "delete", Some(submission), "result").await
    }

    /// One task.
    ///
    /// # Errors
    /// As for every request; 404 when it is unknown or somebody else's.
    pub async fn task(&self, id: TaskId) -> Result<Task, ClientError> {
        self.read(&format!("task/{id}"), Vec::new(), "task").await
    }

    /// Up to `limit` tasks, the newest first.
    ///
    /// # Errors
    /// As for every request.
    pub async fn tasks(&self, filter: &TaskFilter, limit: usize) -> Result<Vec<Task>, ClientError> {
        let mut found = Vec::new();
        loop {
            let want = (limit - found.len()).min(PAGE);
            let query = vec![
                ("filter", filter.text()),
                ("orderby", "request_time DESC".to_owned()),
                ("limit", want.to_string()),
                ("offset", found.len().to_string()),
            ];
            let page: TaskList = self.read("task_list", query, "list").await?;
            let more = !page.data.is_empty();
            found.extend(page.data);
            if !more || limit <= found.len() || page.total <= found.len() as u64 {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Changes a task's label or deadline.
    ///
    /// # Errors
    /// As for every request.
    pub async fn update_task(
        &self,
        id: TaskId,
        update: &TaskUpdate,
    ) -> Result<OperationResult, ClientError> {
        self.change(Method::PUT, &format!("task/{id}"), Some(update), "result").await
    }

    /// Cancels a task.
    ///
    /// # Errors
    /// As for every request.
    pub async fn cancel_task(&self, id: TaskId) -> Result<OperationResult, ClientError> {
        self.change(Method::POST, &format!("task/{id}/cancel"), None::<&()>, "result").await
    }

    /// Up to `limit` events of a task, the newest first.
    ///
    /// # Errors
    /// As for every request.
    pub async fn task_events(
        &self,
        id: TaskId,
        errors_only: bool,
        limit: usize,
    ) -> Result<Vec<Event>, ClientError> {
        let mut found = Vec::new();
        loop {
            let want = (limit - found.len()).min(PAGE);
            let filter = if errors_only { "is_error:1" } else { "" };
            let query = vec![
                ("filter", filter.to_owned()),
                ("limit", want.to_string()),
                ("offset", found.len().to_string()),
            ];
            let page: EventList =
                self.read(&format!("task/{id}/event_list"), query, "list").await?;
            let more = !page.data.is_empty();
            found.extend(page.data);
            if !more || limit <= found.len() || page.total <= found.len() as u64 {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// A page of the files that a task transferred.
    ///
    /// # Errors
    /// As for every request.
    pub async fn successful_transfers(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<SuccessfulTransfers, ClientError> {
        let query = marker.map(|marker| ("marker", marker.to_string())).into_iter().collect();
        self.read(&format!("task/{id}/successful_transfers"), query, "list").await
    }

    /// A page of what a task left out.
    ///
    /// # Errors
    /// As for every request.
    pub async fn skipped_errors(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<SkippedErrors, ClientError> {
        let query = marker.map(|marker| ("marker", marker.to_string())).into_iter().collect();
        self.read(&format!("task/{id}/skipped_errors"), query, "list").await
    }

    /// A page of what a preview or a check found.
    ///
    /// # Errors
    /// As for every request.
    pub async fn task_differences(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskDifferences, ClientError> {
        let query = marker.map(|marker| ("marker", marker.to_string())).into_iter().collect();
        self.get(names::server::TRANSFER, &differences_path(id), query, "list").await
    }

    /// Who paused a task.
    ///
    /// # Errors
    /// As for every request.
    pub async fn pause_info(&self, id: TaskId) -> Result<PauseReasons, ClientError> {
        self.read(&format!("task/{id}/pause_info"), Vec::new(), "pause").await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        route: &str,
        query: Vec<(&'static str, String)>,
        what: &'static str,
    ) -> Result<T, ClientError> {
        self.get(names::server::TRANSFER, &format!("{PREFIX}/{route}"), query, what).await
    }

    async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        route: &str,
        document: Option<&(impl Serialize + Sync)>,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let path = format!("{PREFIX}/{route}");
        self.send(names::server::TRANSFER, method, &path, document, what).await
    }
}

pub(super) async fn hub_info(http: &Http) -> Result<AboutHub, ClientError> {
    http.ask(Method::GET, ABOUT_PATH, Ask::default(), "hub").await
}

impl EndpointScope {
    const fn word(self) -> &'static str {
        match self {
            Self::Mine => "my-endpoints",
            Self::SharedWithMe => "shared-with-me",
            Self::RecentlyUsed => "recently-used",
            Self::All => "all",
        }
    }
}

impl TaskFilter {
    fn text(&self) -> String {
        let kind = self.kind.map_or("TRANSFER,DELETE".to_owned(), |kind| kind.to_string());
        let mut clauses = vec![format!("type:{kind}")];
        clauses.extend(self.status.map(|status| format!("status:{status}")));
        clauses.extend(self.label.as_ref().map(|label| format!("label:~{label}")));
        clauses.join("/")
    }
}

/// How many items a page holds.
const PAGE: usize = 100;
