//! Endpoints and collections.

use outport_types::{EndpointId, IdentityId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::wire::{or_default, present};

/// What kind of thing an endpoint document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntityType {
    /// An endpoint as its owner sees it.
    #[serde(rename = "GCP_mapped_collection")]
    Mapped,
    /// A subtree shared with others.
    #[serde(rename = "GCP_guest_collection")]
    Guest,
    /// A kind of another service; a hub never writes it.
    #[serde(other, rename = "other")]
    Other,
}

/// An endpoint or collection, as `GET endpoint/{id}` and searches show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "endpoint")]
pub struct Endpoint {
    pub id: EndpointId,
    pub entity_type: EntityType,
    pub owner_id: IdentityId,
    /// The owner's username.
    #[serde(default)]
    pub owner_string: String,
    pub display_name: Option<String>,
    /// `owner#name`.
    pub canonical_name: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub organization: Option<String>,
    pub department: Option<String>,
    pub contact_email: Option<String>,
    pub contact_info: Option<String>,
    pub info_link: Option<String>,
    /// Words separated by commas.
    pub keywords: Option<String>,
    pub default_directory: Option<String>,
    pub user_message: Option<String>,
    pub user_message_link: Option<String>,
    #[serde(default)]
    pub public: bool,
    pub subscription_id: Option<String>,
    pub subscription_admin_verified: Option<bool>,

    #[serde(default)]
    pub is_globus_connect: bool,
    /// Whether its agent is connected; null for guest collections.
    pub gcp_connected: Option<bool>,
    /// Whether its owner paused it; null for guest collections.
    pub gcp_paused: Option<bool>,
    /// Shown once, in the answer to the creation; null here.
    pub globus_connect_setup_key: Option<String>,

    #[serde(default)]
    pub force_encryption: bool,
    #[serde(default)]
    pub force_verify: bool,
    #[serde(default)]
    pub disable_verify: bool,
    #[serde(default)]
    pub disable_anonymous_writes: bool,
    #[serde(default)]
    pub high_assurance: bool,
    #[serde(default)]
    pub mfa_required: bool,
    #[serde(default)]
    pub shareable: bool,
    #[serde(default)]
    pub acl_available: bool,
    #[serde(default)]
    pub acl_editable: bool,
    #[serde(default)]
    pub in_use: bool,
    #[serde(default)]
    pub non_functional: bool,
    #[serde(default)]
    pub requester_pays: bool,

    pub host_endpoint_id: Option<EndpointId>,
    pub host_endpoint: Option<String>,
    pub host_endpoint_display_name: Option<String>,
    pub host_path: Option<String>,
    pub mapped_collection_id: Option<EndpointId>,
    pub mapped_collection_display_name: Option<String>,
    pub sharing_target_endpoint: Option<EndpointId>,
    pub sharing_target_root_path: Option<String>,

    /// What the caller may do with it: `administrator` and the like.
    #[serde(default, deserialize_with = "or_default")]
    pub my_effective_roles: Vec<String>,

    pub gcs_manager_url: Option<String>,
    pub tlsftp_server: Option<String>,
    pub https_server: Option<String>,
    pub gcs_version: Option<String>,
    pub storage_type: Option<String>,
    pub network_use: Option<String>,
    pub location: Option<String>,
    pub last_accessed_time: Option<UnixTime>,
    pub local_user_info_available: Option<bool>,
    pub authentication_timeout_mins: Option<u64>,
    pub authentication_policy_id: Option<String>,
    pub acl_max_expiration_period_mins: Option<u64>,

    /// Of the days of activation: always false.
    #[serde(default)]
    pub activated: bool,
    /// Of the days of activation: always -1.
    #[serde(default = "never_expires")]
    pub expires_in: i64,
    /// Of the days of activation: always null.
    pub expire_time: Option<UnixTime>,

    /// What Outport knows beyond the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outport: Option<EndpointExtras>,
}

impl Endpoint {
    /// An endpoint of which nothing is set but what identifies it.
    pub fn new(
        id: EndpointId,
        entity_type: EntityType,
        owner_id: IdentityId,
        owner_string: impl Into<String>,
    ) -> Self {
        Self {
            id,
            entity_type,
            owner_id,
            owner_string: owner_string.into(),
            display_name: None,
            canonical_name: None,
            name: None,
            description: None,
            organization: None,
            department: None,
            contact_email: None,
            contact_info: None,
            info_link: None,
            keywords: None,
            default_directory: None,
            user_message: None,
            user_message_link: None,
            public: false,
            subscription_id: None,
            subscription_admin_verified: None,
            is_globus_connect: matches!(entity_type, EntityType::Mapped),
            gcp_connected: None,
            gcp_paused: None,
            globus_connect_setup_key: None,
            force_encryption: true,
            force_verify: false,
            disable_verify: false,
            disable_anonymous_writes: false,
            high_assurance: false,
            mfa_required: false,
            shareable: false,
            acl_available: false,
            acl_editable: false,
            in_use: false,
            non_functional: false,
            requester_pays: false,
            host_endpoint_id: None,
            host_endpoint: None,
            host_endpoint_display_name: None,
            host_path: None,
            mapped_collection_id: None,
            mapped_collection_display_name: None,
            sharing_target_endpoint: None,
            sharing_target_root_path: None,
            my_effective_roles: Vec::new(),
            gcs_manager_url: None,
            tlsftp_server: None,
            https_server: None,
            gcs_version: None,
            storage_type: None,
            network_use: None,
            location: None,
            last_accessed_time: None,
            local_user_info_available: None,
            authentication_timeout_mins: None,
            authentication_policy_id: None,
            acl_max_expiration_period_mins: None,
            activated: false,
            expires_in: never_expires(),
            expire_time: None,
            outport: None,
        }
    }

    /// The name to show: `owner#name`, else the display name, else the id.
    pub fn title(&self) -> String {
        self.canonical_name
            .clone()
            .or_else(|| self.display_name.clone())
            .unwrap_or_else(|| self.id.to_string())
    }
}

/// What Outport tells about an endpoint beyond the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointExtras {
    /// The fingerprint of the key that its agent proves; null before set-up.
    pub fingerprint: Option<String>,
    /// Program and version of its agent, `outport 0.1.0`.
    pub software: Option<String>,
    /// The agent's operating system.
    pub system: Option<String>,
    /// When its agent was last connected.
    pub last_seen: Option<UnixTime>,
    /// When its owner's pause ends by itself.
    pub paused_until: Option<UnixTime>,
}

/// One page of `endpoint_search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "endpoint_list")]
pub struct EndpointList {
    #[serde(rename = "DATA")]
    pub data: Vec<Endpoint>,
    #[serde(default)]
    pub has_next_page: bool,
    #[serde(default)]
    pub limit: u64,
    #[serde(default)]
    pub offset: u64,
}

/// What `POST endpoint` sets and `PUT endpoint/{id}` changes.
///
/// `None` leaves a value as it is (or takes the default), `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "endpoint")]
pub struct EndpointSettings {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub organization: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub department: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub contact_info: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub info_link: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default_directory: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_message: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_message_link: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_globus_connect: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_verify: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_verify: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_admin_verified: Option<bool>,
}

const fn never_expires() -> i64 {
    -1
}
