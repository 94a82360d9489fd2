//! The Transfer API beyond endpoints: files, submissions, tasks.

mod checks;
mod documents;
mod listing;
mod operations;
mod submit;
mod task_filter;
mod tasks;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::documents::TaskDocuments;
use crate::state::HubState;

/// The routes with small bodies, under `/v0.10`.
pub(crate) fn routes() -> Router<HubState> {
    Router::new()
        .route("/operation/endpoint/{ep}/ls", get(operations::list))
        .route("/operation/endpoint/{ep}/stat", get(operations::stat))
        .route("/operation/endpoint/{ep}/mkdir", post(operations::mkdir))
        .route("/operation/endpoint/{ep}/rename", post(operations::rename))
        .route("/submission_id", get(submit::submission_id))
        .route("/task_list", get(tasks::list))
        .route("/task/{task}", get(tasks::show).put(tasks::update))
        .route("/task/{task}/cancel", post(tasks::cancel))
        .route("/task/{task}/event_list", get(tasks::events))
        .route("/task/{task}/successful_transfers", get(tasks::transferred))
        .route("/task/{task}/skipped_errors", get(tasks::skipped))
        .route("/task/{task}/pause_info", get(tasks::pause_info))
}

/// The routes under `/outport/v1`.
pub(crate) fn outport_routes() -> Router<HubState> {
    Router::new().route("/task/{task}/differences", get(tasks::differences))
}

/// The body of a submission: some thousand items with long paths.
pub(crate) const SUBMISSION_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The routes whose bodies list many items.
pub(crate) fn submission_routes() -> Router<HubState> {
    Router::new().route("/transfer", post(submit::transfer)).route("/delete", post(submit::delete))
}
