//! Tasks: asked for, looked at, ended, asked for again.

use std::time::Duration;

use outport_api::{
    client::{Client, ClientError, TaskFilter},
    transfer::{
        DeleteItem, DeleteSubmission, PauseReasons, SubmissionResult, TaskUpdate, TransferItem,
        TransferSubmission,
    },
};
use outport_control::{
    Here, NewDeletion, NewTransfer, TaskChange, TaskDetail, TaskDifferences, TaskFiles, TaskQuery,
    TaskSkips, TaskView,
};
use outport_types::{Code, Problem, SubmissionId, TaskId, TaskStatus};
use tokio::time::sleep;

use super::{
    Owner,
    submissions::Asked,
    views::{self, refused_by, task_view},
};

impl Owner {
    pub(super) async fn tasks(&self, query: TaskQuery) -> Result<Vec<TaskView>, Problem> {
        let (client, asker) = (self.client().await?, self.asker().await?);
        let filter = TaskFilter { status: query.status, kind: query.kind, label: query.label };
        let limit = (query.limit as usize).min(TASKS_MAX);
        let found = client.tasks(&filter, limit).await.map_err(refused_by(&client))?;
        Ok(found.into_iter().map(|task| task_view(task, &asker)).collect())
    }

    pub(super) async fn task(&self, id: TaskId) -> Result<TaskDetail, Problem> {
        let (client, asker) = (self.client().await?, self.asker().await?);
        let looked = tokio::try_join!(client.task(id), client.task_events(id, false, EVENTS_MAX));
        let (task, events) = looked.map_err(refused_by(&client))?;
        let task = task_view(task, &asker);
        let pauses = match task.status {
            TaskStatus::Active => pauses(client.pause_info(id).await.map_err(refused_by(&client))?),
            TaskStatus::Succeeded | TaskStatus::Failed => Vec::new(),
        };
        let local_path = match task.here {
            Some(Here::Destination | Here::Both) => self.local_path(&client, id).await,
            Some(Here::Source) | None => None,
        };
        let events = events.into_iter().map(views::event).collect();
        Ok(TaskDetail { task, events, pauses, local_path })
    }

    /// Where the files of a task come to on this computer: what was asked for, or else where the
    /// first of them is.
    async fn local_path(&self, client: &Client, id: TaskId) -> Option<String> {
        if let Some(Asked::Transfer(asked)) = self.submissions.asked(id) {
            let first = asked.items.first()?;
            if let Some(path) = views::local_path(&first.destination_path) {
                return Some(path);
            }
        }
        let page = client.successful_transfers(id, None).await.ok()?;
        views::local_path(&page.data.first()?.destination_path)
    }

    pub(super) async fn task_files(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskFiles, Problem> {
        let (client, asker) = (self.client().await?, self.asker().await?);
        let read = tokio::try_join!(client.task(id), client.successful_transfers(id, marker));
        let (task, page) = read.map_err(refused_by(&client))?;
        let comes_here = asker.here.is_some() && task.destination_endpoint_id == asker.here;
        Ok(views::files(page, comes_here))
    }

    pub(super) async fn task_skips(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskSkips, Problem> {
        let client = self.client().await?;
        let page = client.skipped_errors(id, marker).await.map_err(refused_by(&client))?;
        Ok(views::skips(page))
    }

    pub(super) async fn task_differences(
        &self,
        id: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskDifferences, Problem> {
        let client = self.client().await?;
        let page = client.task_differences(id, marker).await.map_err(refused_by(&client))?;
        Ok(views::differences(page))
    }

    pub(super) async fn cancel(&self, id: TaskId) -> Result<(), Problem> {
        let client = self.client().await?;
        client.cancel_task(id).await.map(drop).map_err(refused_by(&client))
    }

    pub(super) async fn update(&self, change: TaskChange) -> Result<(), Problem> {
        let client = self.client().await?;
        let label = change.label.map(|label| Some(label).filter(|label| !label.is_empty()));
        let update = TaskUpdate { label, deadline: change.deadline };
        client.update_task(change.task, &update).await.map(drop).map_err(refused_by(&client))
    }

    pub(super) async fn transfer(&self, asked: NewTransfer) -> Result<TaskId, Problem> {
        let client = self.client().await?;
        let id = asked.submission.unwrap_or_else(SubmissionId::random);
        let document = transfer_document(&asked, id);
        let result = submit(|| client.transfer(&document)).await.map_err(refused_by(&client))?;
        let asked = Asked::Transfer(NewTransfer { submission: None, ..asked });
        self.submissions.remember(result.task_id, asked).await;
        Ok(result.task_id)
    }

    pub(super) async fn delete(&self, asked: NewDeletion) -> Result<TaskId, Problem> {
        let client = self.client().await?;
        let id = asked.submission.unwrap_or_else(SubmissionId::random);
        let document = delete_document(&asked, id);
        let result = submit(|| client.delete(&document)).await.map_err(refused_by(&client))?;
        let asked = Asked::Delete(NewDeletion { submission: None, ..asked });
        self.submissions.remember(result.task_id, asked).await;
        Ok(result.task_id)
    }

    /// Asks again for what a task asked for. A deadline that has passed is not asked for again.
    pub(super) async fn retry(&self, id: TaskId) -> Result<TaskId, Problem> {
        self.submissions.load().await;
        let now = crate::clock::local_now();
        match self.submissions.asked(id) {
            Some(Asked::Transfer(asked)) => {
                let deadline = asked.deadline.filter(|deadline| now < *deadline);
                self.transfer(NewTransfer { deadline, ..asked }).await
            }
            Some(Asked::Delete(asked)) => {
                let deadline = asked.deadline.filter(|deadline| now < *deadline);
                self.delete(NewDeletion { deadline, ..asked }).await
            }
            None => Err(Problem::new(Code::CannotRetry, [("task", id.to_string().into())])),
        }
    }
}

/// Submits again when the answer was lost: the same submission id is the same task.
async fn submit<F>(ask: impl Fn() -> F) -> Result<SubmissionResult, ClientError>
where
    F: Future<Output = Result<SubmissionResult, ClientError>>,
{
    let mut pauses = SUBMIT_PAUSES.iter();
    loop {
        match ask().await {
            Err(
                error @ (ClientError::Unreachable { .. }
                | ClientError::Proxy { .. }
                | ClientError::Timeout { .. }),
            ) => {
                let Some(pause) = pauses.next() else { return Err(error) };
                sleep(*pause).await;
            }
            answer => return answer,
        }
    }
}

fn transfer_document(asked: &NewTransfer, id: SubmissionId) -> TransferSubmission {
    let items = asked.items.iter().map(|item| TransferItem {
        recursive: item.recursive,
        ..TransferItem::new(&item.source_path, &item.destination_path)
    });
    let document = TransferSubmission::new(id, asked.source, asked.destination, items.collect());
    TransferSubmission {
        label: label(asked.label.as_ref()),
        deadline: asked.deadline,
        ..document.with_options(&asked.options)
    }
}

fn delete_document(asked: &NewDeletion, id: SubmissionId) -> DeleteSubmission {
    let items = asked.paths.iter().map(|path| DeleteItem { path: path.clone() });
    DeleteSubmission {
        label: label(asked.label.as_ref()),
        recursive: asked.recursive,
        ignore_missing: asked.ignore_missing,
        deadline: asked.deadline,
        ..DeleteSubmission::new(id, asked.collection, items.collect())
    }
}

fn label(given: Option<&String>) -> Option<String> {
    given.map(|label| label.trim().to_owned()).filter(|label| !label.is_empty())
}

fn pauses(reasons: PauseReasons) -> Vec<String> {
    [
        reasons.source_pause_message,
        reasons.source_pause_message_share,
        reasons.destination_pause_message,
        reasons.destination_pause_message_share,
    ]
    .into_iter()
    .flatten()
    .filter(|message| !message.is_empty())
    .collect()
}

/// More than anybody scrolls through; a list is narrowed instead.
const TASKS_MAX: usize = 1000;
/// A screenful many times over; the newest count.
const EVENTS_MAX: usize = 200;
/// A hub that restarts is back after these; a person waits for no more.
const SUBMIT_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
