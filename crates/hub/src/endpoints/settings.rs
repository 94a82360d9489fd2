//! What an owner writes about an endpoint.

use outport_api::transfer::EndpointSettings;
use serde::{Deserialize, Serialize};

use super::EndpointError;

/// The free texts of an endpoint, as the store keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub(super) description: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) department: Option<String>,
    pub(super) contact_email: Option<String>,
    pub(super) contact_info: Option<String>,
    pub(super) info_link: Option<String>,
    pub(super) keywords: Option<String>,
    pub(super) default_directory: Option<String>,
    pub(super) user_message: Option<String>,
    pub(super) user_message_link: Option<String>,
    pub(super) force_verify: bool,
    pub(super) disable_verify: bool,
}

impl Settings {
    /// Reads what the store has; a text that does not read is none.
    pub(super) fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts and flags always have a JSON form")
    }

    /// Takes over what a request sets.
    pub(super) fn apply(&mut self, asked: &EndpointSettings) -> Result<(), EndpointError> {
        let texts = [
            ("description", &mut self.description, &asked.description),
            ("organization", &mut self.organization, &asked.organization),
            ("department", &mut self.department, &asked.department),
            ("contact_email", &mut self.contact_email, &asked.contact_email),
            ("contact_info", &mut self.contact_info, &asked.contact_info),
            ("info_link", &mut self.info_link, &asked.info_link),
            ("keywords", &mut self.keywords, &asked.keywords),
            ("default_directory", &mut self.default_directory, &asked.default_directory),
            ("user_message", &mut self.user_message, &asked.user_message),
            ("user_message_link", &mut self.user_message_link, &asked.user_message_link),
        ];
        for (field, present, asked) in texts {
            let Some(asked) = asked else { continue };
            if asked.as_ref().is_some_and(|text| TEXT_CHARS_MAX < text.chars().count()) {
                return Err(EndpointError::TooLong { field, max: TEXT_CHARS_MAX });
            }
            present.clone_from(asked);
        }
        if let Some(directory) = &self.default_directory {
            let path = directory.parse::<outport_types::CollectionPath>();
            path.map_err(|source| EndpointError::DefaultDirectory { source })?;
        }
        self.force_verify = asked.force_verify.unwrap_or(self.force_verify);
        self.disable_verify = asked.disable_verify.unwrap_or(self.disable_verify);
        if self.force_verify && self.disable_verify {
            return Err(EndpointError::VerifyBoth);
        }
        refuse_unsupported(asked)
    }

    /// What a search looks at, in lower case.
    pub(super) fn words(&self, handle: &str, name: &str) -> String {
        let texts = [&self.description, &self.keywords, &self.organization, &self.department];
        let texts = texts.into_iter().filter_map(Option::as_deref);
        let mut words = format!("{handle}#{name}");
        for text in texts {
            words.push('\n');
            words.push_str(text);
        }
        words.to_lowercase()
    }
}

fn refuse_unsupported(asked: &EndpointSettings) -> Result<(), EndpointError> {
    if matches!(&asked.subscription_id, Some(Some(_))) {
        return Err(EndpointError::Unsupported { field: "subscription_id" });
    }
    if asked.subscription_admin_verified == Some(true) {
        return Err(EndpointError::Unsupported { field: "subscription_admin_verified" });
    }
    Ok(())
}

/// A page of text; more is no description any longer.
const TEXT_CHARS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_and_null_clears() {
        let mut settings = Settings::default();
        let asked = EndpointSettings {
            description: Some(Some("Microscope".into())),
            keywords: Some(Some("cells".into())),
            ..Default::default()
        };
        settings.apply(&asked).unwrap();
        let asked = EndpointSettings { keywords: Some(None), ..Default::default() };
        settings.apply(&asked).unwrap();
        assert_eq!(settings.description.as_deref(), Some("Microscope"));
        assert_eq!(settings.keywords, None);
        assert_eq!(Settings::from_text(&settings.to_text()), settings);
        assert_eq!(settings.words("smith", "WorkPC"), "smith#workpc\nmicroscope");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut settings = Settings::default();
        for asked in [
            EndpointSettings { description: Some(Some("x".repeat(5000))), ..Default::default() },
            EndpointSettings { default_directory: Some(Some("../x".into())), ..Default::default() },
            EndpointSettings {
                subscription_id: Some(Some("DEFAULT".into())),
                ..Default::default()
            },
        ] {
            assert!(settings.apply(&asked).is_err(), "{asked:?}");
        }
    }
}
