//! Submissions: what makes a task.

use axum::{Json, extract::State, http::StatusCode};
use outport_api::transfer::{
    DeleteSubmission, Link, SubmissionIdDocument, SubmissionResult, SubmissionResultType,
    TransferSubmission, code, error_code,
};
use outport_protocol::{
    orders::{Orders, Work},
    report::Counts,
};
use outport_types::{
    AccountId, EndpointId, EndpointRef, IdentityId, SubmissionId, TaskId, TaskKind, UnixTime,
};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    checks::{
        End, check_label, delete_orders, refuse_of_transfers, refuse_unsupported, transfer_orders,
    },
    documents::Options,
};
use crate::{
    endpoints::EndpointError,
    http::{Caller, JsonBody, TransferApi, TransferError, TransferShape, current_id, current_path},
    scheduler::NewTask,
    state::HubState,
    store::{
        StoreError,
        entity::{task, task_orders},
    },
};

pub(super) async fn submission_id(_caller: Caller<TransferApi>) -> Json<SubmissionIdDocument> {
    Json(SubmissionIdDocument { value: SubmissionId::random() })
}

pub(super) async fn transfer(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    JsonBody(document, _): JsonBody<Value, TransferShape>,
) -> Result<(StatusCode, Json<SubmissionResult>), TransferError> {
    refuse_unsupported(&document)?;
    let asked: TransferSubmission = read(&document)?;
    let source = usable(&hub, &caller, &asked.source_endpoint).await?;
    let destination = usable(&hub, &caller, &asked.destination_endpoint).await?;
    let (id, ends) = (TaskId::random(), (source.id, destination.id));
    let orders = transfer_orders(id, &asked, (source, destination))?;
    let submission = Submission {
        id,
        submission: asked.submission_id,
        digest: digest_of(&document),
        kind: TaskKind::Transfer,
        label: asked.label.clone(),
        deadline: asked.deadline,
        options: Options::of_transfer(&asked),
        ends,
        orders,
    };
    submission.store(&hub, &caller).await
}

pub(super) async fn delete(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    JsonBody(document, _): JsonBody<Value, TransferShape>,
) -> Result<(StatusCode, Json<SubmissionResult>), TransferError> {
    refuse_unsupported(&document)?;
    refuse_of_transfers(&document)?;
    let asked: DeleteSubmission = read(&document)?;
    let place = usable(&hub, &caller, &asked.endpoint).await?;
    let (id, ends) = (TaskId::random(), (place.id, place.id));
    let orders = delete_orders(id, &asked, place)?;
    let submission = Submission {
        id,
        submission: asked.submission_id,
        digest: digest_of(&document),
        kind: TaskKind::Delete,
        label: asked.label.clone(),
        deadline: asked.deadline,
        options: Options::of_delete(&asked),
        ends,
        orders,
    };
    submission.store(&hub, &caller).await
}

fn read<T: DeserializeOwned>(document: &Value) -> Result<T, TransferError> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let place = match error.path().to_string() {
            whole if whole == "." => String::new(),
            field => field + ": ",
        };
        let error = error.into_inner();
        TransferError::bad_request(format!("The document is malformed: {place}{error}."))
    })
}

/// What tells two submissions apart, whatever the order of their keys.
fn digest_of(document: &Value) -> Vec<u8> {
    Sha256::digest(document.to_string().as_bytes()).to_vec()
}

/// An endpoint whose files the caller may use.
async fn usable(
    hub: &HubState,
    caller: &Caller<TransferApi>,
    named: &EndpointRef,
) -> Result<End, TransferError> {
    let (row, rights) = hub.endpoint_for(caller, named.clone()).await?;
    if !rights.use_files {
        return Err(EndpointError::Forbidden { what: "use the files of this endpoint" }.into());
    }
    let names = hub.endpoints.names([row.id]).await?;
    let name = names.get(&row.id).map(ToString::to_string).unwrap_or_default();
    Ok(End { id: EndpointId::from_uuid(row.id), name })
}

struct Submission {
    id: TaskId,
    submission: SubmissionId,
    digest: Vec<u8>,
    kind: TaskKind,
    label: Option<String>,
    deadline: Option<UnixTime>,
    options: Options,
    ends: (EndpointId, EndpointId),
    orders: Orders,
}

enum Stored {
    New,
    /// The submission was stored before, as this task.
    Before(TaskId),
    /// The submission id was used for something else.
    Other,
}

impl Submission {
    async fn store(
        self,
        hub: &HubState,
        caller: &Caller<TransferApi>,
    ) -> Result<(StatusCode, Json<SubmissionResult>), TransferError> {
        check_label(self.label.as_deref())?;
        let now = hub.clock.now();
        let days = i64::from(hub.config.task_deadline_days);
        let deadline = self.deadline.unwrap_or_else(|| now.plus_seconds(days * 24 * 3600));
        if deadline <= now {
            return Err(TransferError::bad_request("The deadline has passed already."));
        }
        let (source, destination) = self.ends;
        let owner = caller.account;
        let new = NewTask { id: self.id, owner, source, destination, deadline };
        let (submission, kind) = (self.submission, self.kind);
        let (worker, identity) = (hub.clone(), caller.identity);
        let stored = hub.see_through(async move {
            let stored = self.insert(&worker, (owner, identity), now, deadline).await?;
            if matches!(stored, Stored::New) {
                worker.scheduler.submitted(new).await;
            }
            Ok::<_, StoreError>(stored)
        });
        let (id, word, message) = match stored.await? {
            Stored::New => {
                let message = "The task has been accepted and will start in its turn.";
                (new.id, code::ACCEPTED, message)
            }
            Stored::Before(id) => {
                let message = "This submission id was used before; this is its task.";
                (id, code::DUPLICATE, message)
            }
            Stored::Other => {
                let message = "This submission id was used for something else. Ask for a new one.";
                let status = StatusCode::CONFLICT;
                return Err(TransferError::new(status, error_code::CONFLICT, message));
            }
        };
        let result = SubmissionResult {
            data_type: match kind {
                TaskKind::Transfer => SubmissionResultType::Transfer,
                TaskKind::Delete => SubmissionResultType::Delete,
            },
            code: word.to_owned(),
            message: message.to_owned(),
            task_id: id,
            submission_id: submission,
            task_link: Link::to_task(id),
            request_id: current_id(),
            resource: current_path(),
        };
        Ok((StatusCode::ACCEPTED, Json(result)))
    }

    async fn insert(
        self,
        hub: &HubState,
        (account, identity): (AccountId, IdentityId),
        now: UnixTime,
        deadline: UnixTime,
    ) -> Result<Stored, StoreError> {
        let (account, identity) = (account.uuid(), identity.uuid());
        let holder = hub.scheduler.holder();
        hub.store
            .write(move |tx| {
                Box::pin(async move {
                    let before = task::Entity::find()
                        .filter(task::Column::AccountId.eq(account))
                        .filter(task::Column::SubmissionId.eq(self.submission.uuid()))
                        .one(tx)
                        .await?;
                    if let Some(before) = before {
                        let same = before.submission_digest == self.digest;
                        let id = TaskId::from_uuid(before.id);
                        return Ok(if same { Stored::Before(id) } else { Stored::Other });
                    }
                    let id = self.id.uuid();
                    let orders = serde_json::to_string(&self.orders)
                        .expect("orders have a JSON form, whatever they ask");
                    let mut row = self.row(now, deadline);
                    row.account_id = Set(account);
                    row.identity_id = Set(identity);
                    row.holder = Set(Some(holder));
                    row.insert(tx).await?;
                    task_orders::ActiveModel { task_id: Set(id), orders: Set(orders) }
                        .insert(tx)
                        .await?;
                    Ok::<_, StoreError>(Stored::New)
                })
            })
            .await
    }

    fn row(self, now: UnixTime, deadline: UnixTime) -> task::ActiveModel {
        let (source, destination) = self.ends;
        debug_assert_eq!(
            self.kind == TaskKind::Delete,
            matches!(self.orders.work, Work::Delete(_))
        );
        task::ActiveModel {
            id: Set(self.id.uuid()),
            submission_id: Set(self.submission.uuid()),
            submission_digest: Set(self.digest),
            kind: Set(self.kind.word().to_owned()),
            status: Set("ACTIVE".to_owned()),
            label: Set(self.label),
            source_id: Set(source.uuid()),
            destination_id: Set(destination.uuid()),
            options: Set(self.options.to_text()),
            requested_at: Set(now.millis()),
            deadline: Set(deadline.millis()),
            completed_at: Set(None),
            failure: Set(None),
            counts: Set(serde_json::to_string(&Counts::default()).unwrap_or_default()),
            session_id: Set(None),
            session_expires: Set(None),
            reported: Set(0),
            events: Set(0),
            transferred_bytes: Set(0),
            transferred_blocks: Set(0),
            transferred_records: Set(0),
            skipped_bytes: Set(0),
            skipped_blocks: Set(0),
            skipped_records: Set(0),
            differences_bytes: Set(0),
            differences_blocks: Set(0),
            differences_records: Set(0),
            route: Set(None),
            held_until: Set(None),
            fence: Set(1),
            ..Default::default()
        }
    }
}
