//! The exact JSON of documents, as the contract names it, and what is tolerated when reading.

use outport_types::{
    Code, EndpointId, EventCode, IdentityId, NiceStatus, Problem, RequestId, Route, SubmissionId,
    SyncLevel, TaskId, TaskKind, TaskStatus, UnixTime,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    Secret, Word,
    auth::{
        Activity, AuthError, AuthErrorItem, Authentication, DeviceAnswer, Introspection,
        SignInSession, Token, TokenAnswer, Userinfo, auth_code, names, oauth_code,
    },
    hub::OutportError,
    live::LiveEvent,
    transfer::{
        DeleteItem, DeleteSubmission, Endpoint, EndpointCreateResult, EndpointList,
        EndpointSettings, EntityType, Event, EventList, FatalError, FileDocument, FileList,
        FileTime, FileType, FilterMethod, FilterRule, FilterType, Link, Mkdir, MkdirResult,
        OperationResult, PauseReasons, Rename, SkippedError, SkippedErrors, SubmissionIdDocument,
        SubmissionResult, SubmissionResultType, SuccessfulTransfer, SuccessfulTransfers, Task,
        TaskExtras, TaskList, TaskUpdate, TransferError, TransferItem, TransferSubmission, code,
        error_code,
    },
};

#[test]
fn an_endpoint_has_every_key_and_null_where_nothing_is_known() {
    let mut endpoint = Endpoint::new(endpoint_id(1), EntityType::Mapped, identity(9), "smith@hub");
    endpoint.display_name = Some("WorkPC".to_owned());
    endpoint.canonical_name = Some("smith#WorkPC".to_owned());
    endpoint.gcp_connected = Some(true);
    endpoint.gcp_paused = Some(false);
    endpoint.my_effective_roles = vec!["administrator".to_owned()];
    let written = golden(
        &endpoint,
        json!({
            "DATA_TYPE": "endpoint", "id": uuid(1), "entity_type": "GCP_mapped_collection",
            "owner_id": uuid(9), "owner_string": "smith@hub", "display_name": "WorkPC",
            "canonical_name": "smith#WorkPC", "name": null, "description": null,
            "organization": null, "department": null, "contact_email": null, "contact_info": null,
            "info_link": null, "keywords": null, "default_directory": null, "user_message": null,
            "user_message_link": null, "public": false, "subscription_id": null,
            "subscription_admin_verified": null, "is_globus_connect": true, "gcp_connected": true,
            "gcp_paused": false, "globus_connect_setup_key": null, "force_encryption": true,
            "force_verify": false, "disable_verify": false, "disable_anonymous_writes": false,
            "high_assurance": false, "mfa_required": false, "shareable": false,
            "acl_available": false, "acl_editable": false, "in_use": false,
            "non_functional": false, "requester_pays": false, "host_endpoint_id": null,
            "host_endpoint": null, "host_endpoint_display_name": null, "host_path": null,
            "mapped_collection_id": null, "mapped_collection_display_name": null,
            "sharing_target_endpoint": null, "sharing_target_root_path": null,
            "my_effective_roles": ["administrator"], "gcs_manager_url": null,
            "tlsftp_server": null, "https_server": null, "gcs_version": null,
            "storage_type": null, "network_use": null, "location": null,
            "last_accessed_time": null, "local_user_info_available": null,
            "authentication_timeout_mins": null, "authentication_policy_id": null,
            "acl_max_expiration_period_mins": null, "activated": false, "expires_in": -1,
            "expire_time": null
        }),
    );
    assert!(written.starts_with(r#"{"DATA_TYPE":"endpoint","id":"#));
}

#[test]
fn an_endpoint_reads_from_what_it_must_have() {
    let endpoint: Endpoint = read(json!({
        "id": uuid(1), "entity_type": "GCSv5_endpoint", "owner_id": uuid(9), "later": {"x": 1}
    }));
    assert_eq!(endpoint.entity_type, EntityType::Other);
    assert_eq!(endpoint.title(), uuid(1));
}

#[test]
fn endpoint_lists_and_results_are_as_the_contract_says() {
    golden(
        &EndpointList { data: Vec::new(), has_next_page: false, limit: 100, offset: 0 },
        json!({"DATA_TYPE": "endpoint_list", "DATA": [], "has_next_page": false, "limit": 100,
               "offset": 0}),
    );
    golden(
        &EndpointCreateResult {
            code: code::CREATED.to_owned(),
            message: "Endpoint created successfully".to_owned(),
            id: endpoint_id(1),
            globus_connect_setup_key: Some("key".to_owned()),
            request_id: request(),
            resource: "/endpoint".to_owned(),
        },
        json!({"DATA_TYPE": "endpoint_create_result", "code": "Created",
               "message": "Endpoint created successfully", "id": uuid(1),
               "globus_connect_setup_key": "key", "request_id": uuid(7), "resource": "/endpoint"}),
    );
    let result = |code: &str| OperationResult {
        code: code.to_owned(),
        message: "done".to_owned(),
        request_id: request(),
        resource: "/endpoint/1".to_owned(),
    };
    golden(
        &result(code::DELETED),
        json!({"DATA_TYPE": "result", "code": "Deleted", "message": "done",
               "request_id": uuid(7), "resource": "/endpoint/1"}),
    );
    golden(
        &MkdirResult {
            code: code::DIRECTORY_CREATED.to_owned(),
            message: "done".to_owned(),
            request_id: request(),
            resource: "/x".to_owned(),
        },
        json!({"DATA_TYPE": "mkdir_result", "code": "DirectoryCreated", "message": "done",
               "request_id": uuid(7), "resource": "/x"}),
    );
}

#[test]
fn settings_tell_null_from_absent() {
    let settings: EndpointSettings = read(json!({
        "DATA_TYPE": "endpoint", "display_name": "New", "description": null, "public": null
    }));
    assert_eq!(settings.display_name, Some(Some("New".to_owned())));
    assert_eq!(settings.description, Some(None));
    assert_eq!((settings.keywords.clone(), settings.public), (None, None));
    let written = serde_json::to_value(&settings).unwrap();
    assert_eq!(
        written,
        json!({"DATA_TYPE": "endpoint", "display_name": "New", "description": null})
    );
}

#[test]
fn listings_write_file_times_with_a_space() {
    let file = FileDocument {
        name: "a\nb".to_owned(),
        file_type: FileType::File,
        size: 5,
        permissions: Some("0644".to_owned()),
        user: Some("smith".to_owned()),
        group: Some("users".to_owned()),
        last_modified: Some(FileTime(noon())),
        link_target: None,
        link_size: None,
        link_user: None,
        link_group: None,
        link_last_modified: None,
    };
    let file_json = json!({
        "DATA_TYPE": "file", "name": "a\nb", "type": "file", "size": 5, "permissions": "0644",
        "user": "smith", "group": "users", "last_modified": "2026-01-31 12:00:00+00:00",
        "link_target": null, "link_size": null, "link_user": null, "link_group": null,
        "link_last_modified": null
    });
    golden(&file, file_json.clone());
    golden(
        &FileList {
            endpoint: endpoint_id(1),
            path: "/home/smith/".to_owned(),
            absolute_path: None,
            length: 1,
            total: 1,
            limit: 100_000,
            offset: 0,
            rename_supported: true,
            symlink_supported: false,
            data: vec![file],
        },
        json!({"DATA_TYPE": "file_list", "endpoint": uuid(1), "path": "/home/smith/",
               "absolute_path": null, "length": 1, "total": 1, "limit": 100_000, "offset": 0,
               "rename_supported": true, "symlink_supported": false, "DATA": [file_json]}),
    );
    let odd: FileDocument = read(json!({"name": "fifo", "type": "chr", "size": null}));
    assert_eq!((odd.file_type, odd.size), (FileType::Other, 0));
}

#[test]
fn operations_read_what_the_official_clients_send() {
    let mkdir: Mkdir = read(json!({"DATA_TYPE": "mkdir", "path": "x", "local_user": null}));
    assert_eq!(mkdir.path, "x");
    let rename: Rename = read(json!({"DATA_TYPE": "rename", "old_path": "a", "new_path": "b"}));
    golden(&rename, json!({"DATA_TYPE": "rename", "old_path": "a", "new_path": "b"}));
}

#[test]
fn a_submission_of_the_official_command_reads_with_its_defaults() {
    let transfer: TransferSubmission = read(json!({
        "DATA_TYPE": "transfer", "submission_id": uuid(5), "source_endpoint": uuid(1),
        "destination_endpoint": uuid(2), "label": null, "sync_level": 3,
        "skip_source_errors": null, "deadline": "2026-01-31 12:00:00", "notify_on_failed": false,
        "perf_cc": 4,
        "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "a", "destination_path": "/~/b"}],
        "filter_rules": [{"DATA_TYPE": "filter_rule", "method": "include", "type": "file",
                          "name": "*.txt"}]
    }));
    assert!(transfer.verify_checksum && transfer.notify_on_succeeded && !transfer.notify_on_failed);
    assert!(!transfer.skip_source_errors && !transfer.delete_destination_extra);
    assert_eq!(transfer.sync_level, Some(SyncLevel::Checksum));
    assert_eq!(transfer.deadline, Some(noon()));
    assert_eq!(transfer.data[0].recursive, None);
    let named: DeleteSubmission = read(json!({
        "submission_id": uuid(5), "endpoint": "smith#WorkPC", "DATA": []
    }));
    assert_eq!(Ok(named.endpoint), "smith#WorkPC".parse());
    assert_eq!(
        transfer.filter_rules,
        [FilterRule {
            method: FilterMethod::Include,
            filter_type: Some(FilterType::File),
            name: "*.txt".to_owned()
        }]
    );
    for level in [json!(4), json!(-1), json!("size")] {
        let document = json!({
            "submission_id": uuid(5), "source_endpoint": uuid(1), "destination_endpoint": uuid(2),
            "DATA": [], "sync_level": level
        });
        assert!(serde_json::from_value::<TransferSubmission>(document).is_err());
    }
}

#[test]
fn submissions_write_what_was_chosen() {
    let items = vec![TransferItem::new("/a", "/b")];
    golden(
        &TransferSubmission {
            sync_level: Some(SyncLevel::Mtime),
            ..TransferSubmission::new(submission(), endpoint_id(1), endpoint_id(2), items)
        },
        json!({"DATA_TYPE": "transfer", "submission_id": uuid(5), "source_endpoint": uuid(1),
               "destination_endpoint": uuid(2), "sync_level": 2, "verify_checksum": true,
               "preserve_timestamp": false, "encrypt_data": true, "skip_source_errors": false,
               "fail_on_quota_errors": false, "delete_destination_extra": false,
               "notify_on_succeeded": true, "notify_on_failed": true, "notify_on_inactive": true,
               "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/a",
                         "destination_path": "/b"}]}),
    );
    let items = vec![DeleteItem { path: "/a".to_owned() }];
    golden(
        &DeleteSubmission::new(submission(), endpoint_id(1), items),
        json!({"DATA_TYPE": "delete", "submission_id": uuid(5), "endpoint": uuid(1),
               "recursive": false, "ignore_missing": false, "interpret_globs": false,
               "notify_on_succeeded": true, "notify_on_failed": true, "notify_on_inactive": true,
               "DATA": [{"DATA_TYPE": "delete_item", "path": "/a"}]}),
    );
    golden(
        &SubmissionIdDocument { value: submission() },
        json!({"DATA_TYPE": "submission_id", "value": uuid(5)}),
    );
    golden(
        &SubmissionResult {
            data_type: SubmissionResultType::Transfer,
            code: code::ACCEPTED.to_owned(),
            message: "accepted".to_owned(),
            task_id: task_id(),
            submission_id: submission(),
            task_link: Link::to_task(task_id()),
            request_id: request(),
            resource: "/transfer".to_owned(),
        },
        json!({"DATA_TYPE": "transfer_result", "code": "Accepted", "message": "accepted",
               "task_id": uuid(3), "submission_id": uuid(5), "request_id": uuid(7),
               "resource": "/transfer",
               "task_link": {"DATA_TYPE": "link", "href": format!("task/{}?format=json", uuid(3)),
                             "rel": "related", "resource": "task", "title": "related task"}}),
    );
}

#[test]
fn a_task_has_every_key() {
    let task = sample_task();
    let task_json = sample_task_json();
    golden(&task, task_json.clone());
    golden(
        &TaskList { data: vec![task], total: 1, length: 1, limit: 1000, offset: 0 },
        json!({"DATA_TYPE": "task_list", "DATA": [task_json], "total": 1, "length": 1,
               "limit": 1000, "offset": 0}),
    );
    let update: TaskUpdate = read(json!({"DATA_TYPE": "task", "label": null}));
    assert_eq!(update, TaskUpdate { label: Some(None), deadline: None });
}

#[test]
fn a_reason_of_a_newer_hub_is_shown_as_it_is() {
    let mut document = sample_task_json();
    document["nice_status"] = json!("LATER_STATUS");
    let task: Task = read(document);
    assert_eq!(task.nice_status.unwrap().to_string(), "LATER_STATUS");
}

#[test]
fn events_and_lists_of_files_are_as_the_contract_says() {
    let event = Event {
        code: Word::Known(EventCode::Started),
        time: noon(),
        is_error: false,
        description: "started".to_owned(),
        details: String::new(),
    };
    golden(
        &EventList { data: vec![event], total: 1, length: 1, limit: 100, offset: 0 },
        json!({"DATA_TYPE": "event_list", "total": 1, "length": 1, "limit": 100, "offset": 0,
               "DATA": [{"DATA_TYPE": "event", "code": "STARTED",
                         "time": "2026-01-31T12:00:00+00:00", "is_error": false,
                         "description": "started", "details": ""}]}),
    );
    golden(
        &SuccessfulTransfers {
            data: vec![SuccessfulTransfer {
                source_path: "/a".to_owned(),
                destination_path: "/b".to_owned(),
                size: Some(5),
                checksum: Some("00".to_owned()),
                checksum_algorithm: Some("BLAKE3".to_owned()),
            }],
            marker: None,
            next_marker: Some(100),
        },
        json!({"DATA_TYPE": "successful_transfers", "marker": null, "next_marker": 100,
               "DATA": [{"DATA_TYPE": "successful_transfer", "source_path": "/a",
                         "destination_path": "/b", "size": 5, "checksum": "00",
                         "checksum_algorithm": "BLAKE3"}]}),
    );
    golden(
        &SkippedErrors {
            data: vec![SkippedError {
                source_path: "/a".to_owned(),
                destination_path: None,
                error_code: "PERMISSION_DENIED".to_owned(),
                error_details: "refused".to_owned(),
                error_time: Some(noon()),
                is_directory: false,
                checksum_algorithm: None,
                external_checksum: None,
            }],
            marker: None,
            next_marker: None,
        },
        json!({"DATA_TYPE": "skipped_errors", "marker": null, "next_marker": null,
               "DATA": [{"DATA_TYPE": "skipped_error", "source_path": "/a",
                         "destination_path": null, "error_code": "PERMISSION_DENIED",
                         "error_details": "refused", "error_time": "2026-01-31T12:00:00+00:00",
                         "is_directory": false, "checksum_algorithm": null,
                         "external_checksum": null}]}),
    );
    golden(
        &PauseReasons::default(),
        json!({"DATA_TYPE": "pause_info_limited", "pause_rules": [],
               "source_pause_message": null, "source_pause_message_share": null,
               "destination_pause_message": null, "destination_pause_message_share": null}),
    );
}

#[test]
fn errors_carry_the_contract_and_our_own_words() {
    let problem = Problem::new(Code::EndpointPaused, [("endpoint", "smith#WorkPC".into())]);
    let problem_json = json!({
        "code": "ENDPOINT_PAUSED", "args": {"endpoint": "smith#WorkPC"},
        "message": "smith#WorkPC is paused by its owner."
    });
    golden(
        &TransferError {
            code: error_code::DIR_LISTING_DISCONNECTED.to_owned(),
            message: problem.message.clone(),
            request_id: request(),
            resource: "/ls".to_owned(),
            required_scopes: Vec::new(),
            problem: Some(problem.clone()),
        },
        json!({"code": "ExternalError.DirListingFailed.GCDisconnected",
               "message": "smith#WorkPC is paused by its owner.", "request_id": uuid(7),
               "resource": "/ls", "problem": problem_json}),
    );
    golden(
        &OutportError { problem, request_id: request() },
        json!({"code": "ENDPOINT_PAUSED", "args": {"endpoint": "smith#WorkPC"},
               "message": "smith#WorkPC is paused by its owner.", "request_id": uuid(7)}),
    );
    golden(
        &AuthError {
            errors: vec![AuthErrorItem {
                code: auth_code::UNAUTHORIZED.to_owned(),
                detail: "who?".to_owned(),
                title: "Unauthorized".to_owned(),
                status: "401".to_owned(),
                id: request(),
            }],
            error: oauth_code::INVALID_GRANT.to_owned(),
            error_description: "who?".to_owned(),
            request_id: Some(request()),
            problem: None,
        },
        json!({"errors": [{"code": "UNAUTHORIZED", "detail": "who?", "title": "Unauthorized",
                           "status": "401", "id": uuid(7)}],
               "error": "invalid_grant", "error_description": "who?", "request_id": uuid(7)}),
    );
}

#[test]
fn token_answers_keep_other_tokens_even_when_there_are_none() {
    let token = |server: &str| Token {
        access_token: Secret::new("a"),
        scope: names::scope::TRANSFER_ALL.to_owned(),
        resource_server: server.to_owned(),
        expires_in: 172_800,
        token_type: "Bearer".to_owned(),
        refresh_token: None,
    };
    let alone = TokenAnswer {
        first: token(names::server::TRANSFER),
        id_token: None,
        state: None,
        other_tokens: Vec::new(),
    };
    golden(
        &alone,
        json!({"access_token": "a", "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
               "resource_server": "transfer.api.globus.org", "expires_in": 172_800,
               "token_type": "Bearer", "other_tokens": []}),
    );
    assert!(!format!("{alone:?}").contains("\"a\""));
    let more = TokenAnswer { other_tokens: vec![token(names::server::GROUPS)], ..alone };
    assert_eq!(more.tokens().count(), 2);
    golden(&Activity { active: false }, json!({"active": false}));
}

#[test]
fn introspection_of_an_inactive_token_says_nothing_else() {
    golden(&Introspection::default(), json!({"active": false}));
    let session = SignInSession {
        session_id: Some("s".to_owned()),
        authentications: [(
            identity(9),
            Authentication {
                auth_time: 1_769_860_800,
                idp: None,
                acr: None,
                amr: Some(vec!["pwd".to_owned()]),
                custom_claims: std::collections::BTreeMap::new(),
            },
        )]
        .into(),
    };
    golden(
        &Introspection {
            active: true,
            sub: Some(uuid(9)),
            aud: vec!["a".to_owned()],
            exp: Some(1),
            session_info: Some(session),
            ..Introspection::default()
        },
        json!({"active": true, "sub": uuid(9), "aud": ["a"], "exp": 1,
               "session_info": {"session_id": "s", "authentications": {uuid(9): {
                   "auth_time": 1_769_860_800, "idp": null, "acr": null, "amr": ["pwd"],
                   "custom_claims": {}}}}}),
    );
}

#[test]
fn people_and_devices_are_as_the_contract_says() {
    golden(
        &Userinfo {
            sub: identity(9),
            preferred_username: "smith@hub".to_owned(),
            name: Some("Ann Smith".to_owned()),
            email: None,
            organization: None,
            identity_provider: None,
            identity_provider_display_name: None,
            last_authentication: None,
            identity_set: None,
        },
        json!({"sub": uuid(9), "preferred_username": "smith@hub", "name": "Ann Smith",
               "email": null, "organization": null, "identity_provider": null,
               "identity_provider_display_name": null, "last_authentication": null}),
    );
    let answer: DeviceAnswer = read(json!({
        "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "http://h/device",
        "expires_in": 900
    }));
    assert_eq!(answer.interval, 5);
}

#[test]
fn live_events_name_themselves_and_unknown_ones_are_let_pass() {
    let progress = LiveEvent::Progress {
        task_id: task_id(),
        files: 3,
        directories: 1,
        progress: TaskExtras { bytes_found: 10, ..TaskExtras::default() },
    };
    let value = serde_json::to_value(&progress).unwrap();
    assert_eq!(value["type"], progress.name());
    for event in [
        progress,
        LiveEvent::Resync,
        LiveEvent::Hello { hub_time: noon(), request_id: request() },
        LiveEvent::Task { task: Box::new(sample_task()) },
        LiveEvent::EndpointRemoved { id: endpoint_id(1) },
    ] {
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["type"], event.name());
        assert_eq!(serde_json::from_value::<LiveEvent>(value).unwrap(), event);
    }
    let later = json!({"type": "later", "what": [1, 2]});
    assert_eq!(serde_json::from_value::<LiveEvent>(later).unwrap(), LiveEvent::Unknown);
}

/// Checks that `document` is written as `expected` and reads back; answers the text.
fn golden<T: Serialize + DeserializeOwned>(document: &T, expected: Value) -> String {
    let text = serde_json::to_string(document).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    let back: T = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    text
}

fn read<T: DeserializeOwned>(document: Value) -> T {
    serde_json::from_value(document).unwrap()
}

fn sample_task() -> Task {
    Task {
        task_id: task_id(),
        kind: TaskKind::Transfer,
        status: TaskStatus::Active,
        label: None,
        owner_id: identity(9),
        username: Some("smith@hub".to_owned()),
        request_time: noon(),
        completion_time: None,
        deadline: Some(noon()),
        is_paused: true,
        is_ok: Some(false),
        nice_status: Some(Word::Known(NiceStatus::Paused)),
        nice_status_details: Some("smith#WorkPC is paused by its owner.".to_owned()),
        nice_status_short_description: Some("paused".to_owned()),
        nice_status_expires_in: None,
        fatal_error: Some(FatalError { code: "CANCELED".to_owned(), description: "x".to_owned() }),
        faults: 0,
        files: 2,
        directories: 1,
        symlinks: 0,
        files_skipped: 0,
        files_transferred: 1,
        bytes_transferred: 10,
        bytes_checksummed: 0,
        effective_bytes_per_second: 5,
        subtasks_total: 2,
        subtasks_succeeded: 1,
        subtasks_pending: 1,
        subtasks_retrying: 0,
        subtasks_failed: 0,
        subtasks_canceled: 0,
        subtasks_expired: 0,
        subtasks_skipped_errors: 0,
        source_endpoint: Some("smith#WorkPC".to_owned()),
        source_endpoint_id: endpoint_id(1),
        source_endpoint_display_name: Some("WorkPC".to_owned()),
        destination_endpoint: Some("smith#Cluster".to_owned()),
        destination_endpoint_id: Some(endpoint_id(2)),
        destination_endpoint_display_name: Some("Cluster".to_owned()),
        sync_level: Some(SyncLevel::Exists),
        encrypt_data: true,
        verify_checksum: true,
        preserve_timestamp: false,
        delete_destination_extra: false,
        skip_source_errors: false,
        fail_on_quota_errors: false,
        filter_rules: None,
        history_deleted: false,
        recursive_symlinks: Some("ignore".to_owned()),
        command: Some("API 0.10".to_owned()),
        canceled_by_admin: None,
        canceled_by_admin_message: None,
        outport: Some(TaskExtras {
            bytes_found: 20,
            scan_done: true,
            files_done: 1,
            bytes_done: 10,
            bytes_settled: 15,
            deleted: 0,
            rate: 0,
            route: Some(Route::Direct),
            ..TaskExtras::default()
        }),
    }
}

fn sample_task_json() -> Value {
    json!({
        "DATA_TYPE": "task", "task_id": uuid(3), "type": "TRANSFER", "status": "ACTIVE",
        "label": null, "owner_id": uuid(9), "username": "smith@hub",
        "request_time": "2026-01-31T12:00:00+00:00", "completion_time": null,
        "deadline": "2026-01-31T12:00:00+00:00", "is_paused": true, "is_ok": false,
        "nice_status": "GC_PAUSED",
        "nice_status_details": "smith#WorkPC is paused by its owner.",
        "nice_status_short_description": "paused", "nice_status_expires_in": null,
        "fatal_error": {"code": "CANCELED", "description": "x"}, "faults": 0, "files": 2,
        "directories": 1, "symlinks": 0, "files_skipped": 0, "files_transferred": 1,
        "bytes_transferred": 10, "bytes_checksummed": 0, "effective_bytes_per_second": 5,
        "subtasks_total": 2, "subtasks_succeeded": 1, "subtasks_pending": 1,
        "subtasks_retrying": 0, "subtasks_failed": 0, "subtasks_canceled": 0,
        "subtasks_expired": 0, "subtasks_skipped_errors": 0, "source_endpoint": "smith#WorkPC",
        "source_endpoint_id": uuid(1), "source_endpoint_display_name": "WorkPC",
        "destination_endpoint": "smith#Cluster", "destination_endpoint_id": uuid(2),
        "destination_endpoint_display_name": "Cluster", "sync_level": 0, "encrypt_data": true,
        "verify_checksum": true, "preserve_timestamp": false, "delete_destination_extra": false,
        "skip_source_errors": false, "fail_on_quota_errors": false, "filter_rules": null,
        "history_deleted": false, "recursive_symlinks": "ignore", "command": "API 0.10",
        "canceled_by_admin": null, "canceled_by_admin_message": null,
        "outport": {"bytes_found": 20, "scan_done": true, "files_done": 1, "bytes_done": 10,
                    "bytes_settled": 15,
                    "deleted": 0, "rate": 0, "route": "direct"}
    })
}

fn uuid(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

fn endpoint_id(n: u8) -> EndpointId {
    uuid(n).parse().unwrap()
}

fn identity(n: u8) -> IdentityId {
    uuid(n).parse().unwrap()
}

fn task_id() -> TaskId {
    uuid(3).parse().unwrap()
}

fn submission() -> SubmissionId {
    uuid(5).parse().unwrap()
}

fn request() -> RequestId {
    uuid(7).parse().unwrap()
}

fn noon() -> UnixTime {
    UnixTime::from_seconds(1_769_860_800)
}
