//! What the tray, notifications and native dialogs say, in each language.
//!
//! The window has its own catalogue; problems come with theirs. A word that is missing in one
//! language does not compile, and one that nobody uses is a warning.

use outport_types::{Bytes, Language};

/// The texts of one language.
#[derive(Debug)]
pub(crate) struct Words {
    language: Language,
    pub(crate) not_set_up: &'static str,
    pub(crate) states: States,
    pub(crate) open: &'static str,
    pub(crate) open_hub: &'static str,
    pub(crate) pause: &'static str,
    pub(crate) pause_half_hour: &'static str,
    pub(crate) pause_two_hours: &'static str,
    pub(crate) pause_tomorrow: &'static str,
    pub(crate) pause_until_resumed: &'static str,
    pub(crate) resume: &'static str,
    pub(crate) folders: &'static str,
    pub(crate) activity: &'static str,
    pub(crate) settings: &'static str,
    pub(crate) help: &'static str,
    pub(crate) check: &'static str,
    pub(crate) copy_diagnostics: &'static str,
    pub(crate) show_log: &'static str,
    pub(crate) about: &'static str,
    pub(crate) quit: &'static str,
    pub(crate) one_transfer: &'static str,
    pub(crate) many_transfers: &'static str,
    pub(crate) time_left: &'static str,
    pub(crate) paused_until: &'static str,
    pub(crate) on_battery: &'static str,
    pub(crate) on_metered: &'static str,
    pub(crate) sending_held: &'static str,
    pub(crate) receiving_held: &'static str,
    pub(crate) both_held: &'static str,
    pub(crate) relayed_held: &'static str,
    pub(crate) elsewhere: &'static str,
    pub(crate) quit_title: &'static str,
    pub(crate) quit_text: &'static str,
    pub(crate) quit_yes: &'static str,
    pub(crate) quit_no: &'static str,
    pub(crate) hidden_title: &'static str,
    pub(crate) hidden_text: &'static str,
    pub(crate) finished: &'static str,
    pub(crate) finished_many: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) failed_many: &'static str,
    pub(crate) needs_you: &'static str,
    pub(crate) update_ready: &'static str,
    pub(crate) update_text: &'static str,
    pub(crate) diagnostics_copied: &'static str,
    pub(crate) diagnostics_text: &'static str,
    pub(crate) and_more: &'static str,
}

/// One word or two for what the agent does.
#[derive(Debug)]
pub(crate) struct States {
    pub(crate) offline: &'static str,
    pub(crate) connecting: &'static str,
    pub(crate) online: &'static str,
    pub(crate) transferring: &'static str,
    pub(crate) paused: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) error: &'static str,
}

impl Words {
    /// The texts of a language.
    pub(crate) const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Fr => &FR,
        }
    }

    /// The language.
    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// `94 MB/s`, `94 Mo/s`
    pub(crate) fn rate(&self, bytes_per_second: u64) -> String {
        let text = Bytes(bytes_per_second).to_string();
        match self.language {
            Language::En => format!("{text}/s"),
            // French counts in octets, and writes the decimals after a comma.
            Language::Fr => format!("{}/s", text.replace('B', "o").replace('.', ",")),
        }
    }

    /// `40 s`, `12 min`, `2 h 5 min`, `3 d`: as exact as an estimate deserves.
    pub(crate) fn duration(&self, seconds: u64) -> String {
        let day = match self.language {
            Language::En => "d",
            Language::Fr => "j",
        };
        match seconds {
            0..60 => format!("{seconds} s"),
            60..3600 => format!("{} min", seconds.div_ceil(60)),
            3600..86_400 => match seconds % 3600 / 60 {
                0 => format!("{} h", seconds / 3600),
                minutes => format!("{} h {minutes} min", seconds / 3600),
            },
            _ => format!("{} {day}", seconds / 86_400),
        }
    }
}

/// Puts values in the places of a text, `{}` each, in order.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        filled.push_str(values.get(index).copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}

const EN: Words = Words {
    language: Language::En,
    not_set_up: "Outport, not set up yet",
    states: States {
        offline: "offline",
        connecting: "connecting",
        online: "online",
        transferring: "transferring",
        paused: "paused",
        attention: "needs you",
        error: "not working",
    },
    open: "Open Outport",
    open_hub: "Open hub in browser",
    pause: "Pause",
    pause_half_hour: "For 30 minutes",
    pause_two_hours: "For 2 hours",
    pause_tomorrow: "Until tomorrow, {}",
    pause_until_resumed: "Until resumed",
    resume: "Resume",
    folders: "Folders…",
    activity: "Activity…",
    settings: "Settings…",
    help: "Help",
    check: "Check connection…",
    copy_diagnostics: "Copy diagnostics",
    show_log: "Show log…",
    about: "About Outport",
    quit: "Quit",
    one_transfer: "1 transfer",
    many_transfers: "{} transfers",
    time_left: "{} left",
    paused_until: "until {}",
    on_battery: "on battery",
    on_metered: "metered network",
    sending_held: "sending at most {}",
    receiving_held: "receiving at most {}",
    both_held: "sending at most {}, receiving at most {}",
    relayed_held: "at most {} through a relay",
    elsewhere: "{} (runs without this window)",
    quit_title: "Quit while files are being transferred?",
    quit_text: "These transfers stop now and go on when Outport is started again:\n\n{}",
    quit_yes: "Quit",
    quit_no: "Keep running",
    hidden_title: "Outport keeps running",
    hidden_text: "Its folders stay reachable. Open it again, pause or quit it from its icon in the tray.",
    finished: "Transfer finished",
    finished_many: "{} transfers finished",
    failed: "Transfer failed",
    failed_many: "{} transfers failed",
    needs_you: "Outport needs you",
    update_ready: "Outport {} is ready",
    update_text: "Open the settings to install it.",
    diagnostics_copied: "Diagnostics copied",
    diagnostics_text: "Paste them into a message to whoever helps you. They hold no secret.",
    and_more: "and {} more",
};

const FR: Words = Words {
    language: Language::Fr,
    not_set_up: "Outport, pas encore configuré",
    states: States {
        offline: "hors ligne",
        connecting: "connexion en cours",
        online: "en ligne",
        transferring: "transfert en cours",
        paused: "en pause",
        attention: "demande votre attention",
        error: "ne fonctionne pas",
    },
    open: "Ouvrir Outport",
    open_hub: "Ouvrir le hub dans le navigateur",
    pause: "Mettre en pause",
    pause_half_hour: "Pendant 30 minutes",
    pause_two_hours: "Pendant 2 heures",
    pause_tomorrow: "Jusqu'à demain, {}",
    pause_until_resumed: "Jusqu'à la reprise",
    resume: "Reprendre",
    folders: "Dossiers…",
    activity: "Activité…",
    settings: "Réglages…",
    help: "Aide",
    check: "Vérifier la connexion…",
    copy_diagnostics: "Copier le diagnostic",
    show_log: "Afficher le journal…",
    about: "À propos d'Outport",
    quit: "Quitter",
    one_transfer: "1 transfert",
    many_transfers: "{} transferts",
    time_left: "encore {}",
    paused_until: "jusqu'à {}",
    on_battery: "sur batterie",
    on_metered: "réseau facturé au volume",
    sending_held: "envoi limité à {}",
    receiving_held: "réception limitée à {}",
    both_held: "envoi limité à {}, réception à {}",
    relayed_held: "limité à {} par un relais",
    elsewhere: "{} (fonctionne sans cette fenêtre)",
    quit_title: "Quitter pendant que des fichiers sont transférés ?",
    quit_text: "Ces transferts s'arrêtent maintenant et continueront au prochain démarrage d'Outport :\n\n{}",
    quit_yes: "Quitter",
    quit_no: "Continuer",
    hidden_title: "Outport continue de fonctionner",
    hidden_text: "Ses dossiers restent accessibles. Ouvrez-le, mettez-le en pause ou quittez-le depuis son icône de la zone de notification.",
    finished: "Transfert terminé",
    finished_many: "{} transferts terminés",
    failed: "Échec d'un transfert",
    failed_many: "{} transferts ont échoué",
    needs_you: "Outport a besoin de vous",
    update_ready: "Outport {} est disponible",
    update_text: "Ouvrez les réglages pour l'installer.",
    diagnostics_copied: "Diagnostic copié",
    diagnostics_text: "Collez-le dans un message à qui vous aide. Il ne contient aucun secret.",
    and_more: "et {} de plus",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_each_language_writes_them() {
        assert_eq!(EN.rate(94_000_000), "94 MB/s");
        assert_eq!(FR.rate(94_000_000), "94 Mo/s");
        assert_eq!(FR.rate(1_500_000), "1,5 Mo/s");
        for (seconds, en, fr) in [
            (59, "59 s", "59 s"),
            (61, "2 min", "2 min"),
            (720, "12 min", "12 min"),
            (7500, "2 h 5 min", "2 h 5 min"),
            (3 * 86_400, "3 d", "3 j"),
        ] {
            assert_eq!(EN.duration(seconds), en);
            assert_eq!(FR.duration(seconds), fr);
        }
    }

    #[test]
    fn both_languages_have_the_same_places_for_values() {
        let places = |words: &Words| -> Vec<usize> {
            [
                words.pause_tomorrow,
                words.many_transfers,
                words.time_left,
                words.paused_until,
                words.elsewhere,
                words.quit_text,
                words.finished_many,
                words.failed_many,
                words.update_ready,
                words.and_more,
            ]
            .map(|text| text.matches("{}").count())
            .to_vec()
        };
        assert_eq!(places(&EN), places(&FR));
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
    }
}
