//! Every word that the hub's pages show, in each language, in one place.
//!
//! Placeholders in braces are filled by [`fill`]; templates escape the result.

use axum::http::{HeaderMap, header};
use outport_types::Language;

macro_rules! texts {
    ($($name:ident { en: $en:literal, fr: $fr:literal })+) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct Texts {
            /// The language's own name for programs.
            pub(super) lang: &'static str,
            $(pub(super) $name: &'static str,)+
        }

        const EN: Texts = Texts { lang: "en", $($name: $en,)+ };
        const FR: Texts = Texts { lang: "fr", $($name: $fr,)+ };

        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $fr),)+];
    };
}

texts! {
    sign_in { en: "Sign in", fr: "Se connecter" }
    sign_out { en: "Sign out", fr: "Se déconnecter" }
    sign_in_to { en: "Sign in to go on to {app}.", fr: "Connectez-vous pour continuer vers {app}." }
    sign_in_plain { en: "Use the account that you have at this hub.", fr: "Utilisez votre compte sur ce hub." }
    sign_in_as { en: "This needs you to sign in as {who}.", fr: "Vous devez vous connecter en tant que {who}." }
    sign_in_domain { en: "This needs an account of {domain}.", fr: "Un compte de {domain} est nécessaire." }
    app_says { en: "{app} says:", fr: "Message de {app} :" }
    handle_or_identity { en: "Handle or identity", fr: "Identifiant ou identité" }
    handle { en: "Handle", fr: "Identifiant" }
    handle_hint { en: "Lower-case letters, digits and -. It stands before the # of your computers' names.", fr: "Lettres minuscules, chiffres et -. Il précède le # dans le nom de vos ordinateurs." }
    display_name { en: "Name", fr: "Nom" }
    email { en: "E-mail (optional)", fr: "Adresse électronique (facultatif)" }
    password { en: "Password", fr: "Mot de passe" }
    new_password { en: "New password", fr: "Nouveau mot de passe" }
    repeat_password { en: "Password once more", fr: "Mot de passe, encore une fois" }
    password_hint { en: "At least ten characters. A few words are better than one with signs.", fr: "Au moins dix caractères. Quelques mots valent mieux qu'un seul avec des signes." }
    wrong_password { en: "The handle or the password is wrong.", fr: "L'identifiant ou le mot de passe est incorrect." }
    account_closed { en: "This account is closed. Ask the administrator of this hub.", fr: "Ce compte est fermé. Adressez-vous à l'administrateur de ce hub." }
    too_many { en: "Too many attempts. Try again in {seconds} seconds.", fr: "Trop de tentatives. Réessayez dans {seconds} secondes." }
    busy { en: "The hub is busy. Try again in a moment.", fr: "Le hub est occupé. Réessayez dans un instant." }
    forgot { en: "Forgot your password? The administrator of this hub can send you a link.", fr: "Mot de passe oublié ? L'administrateur de ce hub peut vous envoyer un lien." }
    no_account { en: "Make an account", fr: "Créer un compte" }
    consent_title { en: "Allow access?", fr: "Autoriser l'accès ?" }
    consent_wants { en: "{app} would like to:", fr: "{app} souhaite :" }
    consent_offline { en: "keep this access until you take it back", fr: "conserver cet accès jusqu'à ce que vous le retiriez" }
    consent_scopes { en: "The {count} scopes behind this", fr: "Les {count} portées (scopes) correspondantes" }
    consent_self_named { en: "The app gave itself this name; the hub cannot confirm it. Allow it only if you started it yourself just now.", fr: "L'application s'est donné ce nom ; le hub ne peut pas le confirmer. N'autorisez que si vous venez de la lancer vous-même." }
    consent_to_here { en: "The answer goes to a program on this computer ({host}).", fr: "La réponse est envoyée à un programme sur cet ordinateur ({host})." }
    consent_to_page { en: "The answer is shown as a code, which you copy to the program.", fr: "La réponse s'affiche sous forme de code, à copier dans le programme." }
    consent_to_site { en: "The answer goes to {host}.", fr: "La réponse est envoyée à {host}." }
    consent_to_device { en: "The answer goes to the device that shows the code {code}. Allow it only if that device is in front of you.", fr: "La réponse est envoyée à l'appareil qui affiche le code {code}. N'autorisez que si cet appareil est devant vous." }
    allow { en: "Allow", fr: "Autoriser" }
    deny { en: "Do not allow", fr: "Refuser" }
    signed_in_as { en: "Signed in as {who}.", fr: "Connecté en tant que {who}." }
    other_account { en: "Use another account", fr: "Utiliser un autre compte" }
    scope_transfer { en: "manage your transfers and collections, and list, move and delete files in them as you", fr: "gérer vos transferts et collections, et y lister, déplacer et supprimer des fichiers en votre nom" }
    scope_groups { en: "see and manage your groups", fr: "voir et gérer vos groupes" }
    scope_timers { en: "run transfers on a schedule as you", fr: "lancer des transferts planifiés en votre nom" }
    scope_agent { en: "register computers as your endpoints", fr: "enregistrer des ordinateurs comme vos points d'accès" }
    scope_identity { en: "know who you are: your name, e-mail and identities", fr: "savoir qui vous êtes : votre nom, votre adresse et vos identités" }
    scope_auth { en: "see what you have allowed other apps", fr: "voir ce que vous avez autorisé à d'autres applications" }
    scope_data { en: "reach data of one collection as you", fr: "accéder aux données d'une collection en votre nom" }
    scope_search { en: "use search (not offered by this hub)", fr: "utiliser la recherche (non proposée par ce hub)" }
    scope_flows { en: "use flows (not offered by this hub)", fr: "utiliser les flux (non proposés par ce hub)" }
    code_title { en: "Copy this code", fr: "Copiez ce code" }
    code_text { en: "Paste it into the program that is waiting for it. It works once, for a few minutes.", fr: "Collez-le dans le programme qui l'attend. Il fonctionne une fois, pendant quelques minutes." }
    code_label { en: "Authorization code", fr: "Code d'autorisation" }
    device_title { en: "Connect a device", fr: "Connecter un appareil" }
    device_text { en: "Type the code that the device shows.", fr: "Saisissez le code affiché par l'appareil." }
    device_code { en: "Code", fr: "Code" }
    device_unknown { en: "No device is waiting with this code. Check it, or let the device begin again.", fr: "Aucun appareil n'attend avec ce code. Vérifiez-le, ou recommencez sur l'appareil." }
    device_done { en: "The device is connected", fr: "L'appareil est connecté" }
    device_done_text { en: "It goes on by itself in a few seconds. You can close this page.", fr: "Il continue de lui-même dans quelques secondes. Vous pouvez fermer cette page." }
    device_denied { en: "The device was not connected", fr: "L'appareil n'a pas été connecté" }
    device_denied_text { en: "You can close this page.", fr: "Vous pouvez fermer cette page." }
    go_on { en: "Continue", fr: "Continuer" }
    welcome_title { en: "Welcome to your hub", fr: "Bienvenue sur votre hub" }
    welcome_text { en: "Make the first account. It can administer this hub.", fr: "Créez le premier compte. Il peut administrer ce hub." }
    register_title { en: "Make an account", fr: "Créer un compte" }
    register_text { en: "With it, you can sign in here and connect your computers.", fr: "Il vous permet de vous connecter ici et de relier vos ordinateurs." }
    make_account { en: "Make the account", fr: "Créer le compte" }
    password_title { en: "Choose a password", fr: "Choisir un mot de passe" }
    password_text { en: "For the account {handle}.", fr: "Pour le compte {handle}." }
    save_password { en: "Save the password", fr: "Enregistrer le mot de passe" }
    passwords_differ { en: "The two passwords differ.", fr: "Les deux mots de passe diffèrent." }
    password_short { en: "The password needs at least ten characters.", fr: "Le mot de passe doit avoir au moins dix caractères." }
    password_long { en: "The password is too long.", fr: "Le mot de passe est trop long." }
    password_simple { en: "This password is too easy to guess.", fr: "Ce mot de passe est trop facile à deviner." }
    handle_bad { en: "A handle has lower-case letters, digits and - only, and starts and ends with a letter or digit.", fr: "Un identifiant ne contient que des lettres minuscules, des chiffres et -, et commence et finit par une lettre ou un chiffre." }
    handle_taken { en: "This handle is taken.", fr: "Cet identifiant est déjà pris." }
    link_used_title { en: "This link no longer works", fr: "Ce lien ne fonctionne plus" }
    link_used_text { en: "It was used, has expired, or was replaced by a newer one. outport hub prints a new link for the first account each time it starts; outport hub user passwd makes one for a password.", fr: "Il a été utilisé, a expiré ou a été remplacé. outport hub affiche un nouveau lien pour le premier compte à chaque démarrage ; outport hub user passwd en crée un pour un mot de passe." }
    home_text { en: "This is a hub of Outport. Computers connect to it, and people move files between them.", fr: "Ceci est un hub Outport. Des ordinateurs s'y connectent, et des personnes échangent des fichiers entre eux." }
    home_start { en: "On a computer that has Outport:", fr: "Sur un ordinateur équipé d'Outport :" }
    home_device { en: "Connect a device that shows a code", fr: "Connecter un appareil qui affiche un code" }
    error_title { en: "This cannot go on", fr: "Impossible de continuer" }
    error_client { en: "The program that sent you here is not known to this hub. If it is the globus command, remove its stored sign-in (or use another GLOBUS_PROFILE) and sign in again.", fr: "Le programme qui vous a envoyé ici est inconnu de ce hub. S'il s'agit de la commande globus, supprimez sa connexion enregistrée (ou utilisez un autre GLOBUS_PROFILE) et reconnectez-vous." }
    error_redirect { en: "The program asks for the answer at an address that it may not use. Nothing was sent there.", fr: "Le programme demande la réponse à une adresse qu'il ne peut pas utiliser. Rien n'y a été envoyé." }
    error_request { en: "The address of this page is incomplete. Start again from the program that sent you here.", fr: "L'adresse de cette page est incomplète. Recommencez depuis le programme qui vous a envoyé ici." }
    error_form { en: "This form is out of date, or did not come from this hub. Go back, reload the page and try again.", fr: "Ce formulaire est périmé ou ne provient pas de ce hub. Revenez en arrière, rechargez la page et réessayez." }
    error_internal { en: "Something went wrong inside the hub. Its log says more under {request}.", fr: "Une erreur interne s'est produite dans le hub. Son journal en dit plus sous {request}." }
    error_closed { en: "New accounts are made by the administrator of this hub.", fr: "Les nouveaux comptes sont créés par l'administrateur de ce hub." }
}

/// The words of a language.
pub(super) const fn texts(language: Language) -> &'static Texts {
    match language {
        Language::En => &EN,
        Language::Fr => &FR,
    }
}

/// Puts a value where `{name}` stands.
pub(super) fn fill(text: &str, name: &str, value: &str) -> String {
    text.replacen(&format!("{{{name}}}"), value, 1)
}

/// The first language of the browser that the pages have.
pub(super) fn preferred(headers: &HeaderMap) -> Language {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut best = (0.0_f32, Language::En);
    for item in header.unwrap_or_default().split(',').take(LANGUAGES_MAX) {
        let (tag, weight) = item.split_once(";q=").unwrap_or((item, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        let language = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Language::En,
            Some("fr") => Language::Fr,
            _ => continue,
        };
        if best.0 < weight {
            best = (weight, language);
        }
    }
    best.1
}

/// More languages than any browser sends.
const LANGUAGES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_placeholders_and_no_empty_words() {
        let names = |text: &str| {
            let parts = text.split('{').skip(1);
            let mut names: Vec<_> =
                parts.filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
            names.sort();
            names
        };
        for (name, en, fr) in PAIRS {
            assert!(!en.is_empty() && !fr.is_empty(), "{name}");
            assert_eq!(names(en), names(fr), "{name}");
        }
    }

    #[test]
    fn the_browser_chooses_the_language() {
        let preferred = |text: &'static str| {
            let value = axum::http::HeaderValue::from_static(text);
            preferred(&[(header::ACCEPT_LANGUAGE, value)].into_iter().collect())
        };
        assert_eq!(preferred("fr-CA,fr;q=0.9,en;q=0.8"), Language::Fr);
        assert_eq!(preferred("de,en;q=0.5,fr;q=0.4"), Language::En);
        assert_eq!(preferred("en;q=0.3, fr;q=0.7"), Language::Fr);
        assert_eq!(preferred("x"), Language::En);
    }
}
