//! Every message that a person can see about a problem or from a check, in each language, in one place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that the catalogue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

macro_rules! catalogue {
    (
        $(#[$of:meta])* enum $name:ident;
        $($(#[$doc:meta])* $variant:ident = $code:literal { en: $en:literal, fr: $fr:literal })+
    ) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code as documents and programs spell it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The text, with `{name}` where an argument goes.
            pub const fn template(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::En) => $en,
                    (Self::$variant, Language::Fr) => $fr,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

// After the macro that it uses.
mod facts;

pub use facts::FactCode;

catalogue! {
    /// The stable code of a problem; programs act on it, people read its text.
    enum Code;

    /// A path is not inside any folder that the owner shared.
    NotShared = "NOT_SHARED" {
        en: "{path} is not accessible on {endpoint}: no folder that its owner shares contains it. The owner can add one with `outport folders add`.",
        fr: "{path} n'est pas accessible sur {endpoint} : aucun dossier partagé par son propriétaire ne le contient. Le propriétaire peut en ajouter un avec `outport folders add`."
    }
    /// A write to a read-only folder.
    ReadOnly = "READ_ONLY" {
        en: "{path} is in a read-only folder of {endpoint}. Its owner can allow writing with `outport folders add --read-write`.",
        fr: "{path} est dans un dossier en lecture seule de {endpoint}. Son propriétaire peut autoriser l'écriture avec `outport folders add --read-write`."
    }
    /// A folder itself, or something that a rule names, is to be moved or removed.
    FolderItself = "FOLDER_ITSELF" {
        en: "{path} cannot be moved or removed: the owner of {endpoint} made a rule for it or for something in it. What it holds can be changed where the rules allow.",
        fr: "{path} ne peut être ni déplacé ni supprimé : le propriétaire de {endpoint} a défini une règle à son sujet ou au sujet de son contenu. Son contenu peut être modifié là où les règles le permettent."
    }
    /// The operating system refuses.
    OsPermission = "OS_PERMISSION" {
        en: "The operating system of {endpoint} refuses access to {path}. Check the permissions of the file and of the folders above it.",
        fr: "Le système d'exploitation de {endpoint} refuse l'accès à {path}. Vérifiez les permissions du fichier et des dossiers parents."
    }
    /// Nothing stands there.
    NotFound = "NOT_FOUND" {
        en: "{path} does not exist on {endpoint}. Check the spelling, upper and lower case included.",
        fr: "{path} n'existe pas sur {endpoint}. Vérifiez l'orthographe, majuscules et minuscules comprises."
    }
    /// Something stands there already.
    Exists = "EXISTS" {
        en: "{path} exists already on {endpoint}.",
        fr: "{path} existe déjà sur {endpoint}."
    }
    /// A directory was expected.
    NotADirectory = "NOT_A_DIRECTORY" {
        en: "{path} on {endpoint} is not a directory.",
        fr: "{path} sur {endpoint} n'est pas un dossier."
    }
    /// A file was expected.
    IsADirectory = "IS_A_DIRECTORY" {
        en: "{path} on {endpoint} is a directory. Ask for it recursively.",
        fr: "{path} sur {endpoint} est un dossier. Demandez-le de façon récursive."
    }
    /// A directory stands where a file or a link comes.
    TakenByDirectory = "TAKEN_BY_DIRECTORY" {
        en: "{path} on {endpoint} is a directory, and nothing else takes its place. Rename one of the two.",
        fr: "{path} sur {endpoint} est un dossier, et rien d'autre ne prend sa place. Renommez l'un des deux."
    }
    /// Something else stands where a directory comes.
    TakenByFile = "TAKEN_BY_FILE" {
        en: "{path} on {endpoint} cannot be a directory: something else stands there, or on the way there. Rename one of the two.",
        fr: "{path} sur {endpoint} ne peut pas être un dossier : autre chose se trouve là, ou sur le chemin. Renommez l'un des deux."
    }
    /// A directory that is to be removed holds something.
    NotEmpty = "NOT_EMPTY" {
        en: "{path} on {endpoint} is not empty. Ask for a recursive deletion to remove what it holds.",
        fr: "{path} sur {endpoint} n'est pas vide. Demandez une suppression récursive pour supprimer son contenu."
    }
    /// The text is no path of a collection.
    BadPath = "BAD_PATH" {
        en: "`{path}` is not a path of a collection: {reason}.",
        fr: "`{path}` n'est pas un chemin de collection : {reason}."
    }
    /// The name cannot exist on the destination's file system.
    BadName = "BAD_NAME" {
        en: "The name of {path} cannot exist on {endpoint}: {reason}. Rename it at the source, or transfer again with `--names rename`.",
        fr: "Le nom de {path} ne peut pas exister sur {endpoint} : {reason}. Renommez-le à la source, ou relancez le transfert avec `--names rename`."
    }
    /// A file is not what somebody said that it must be.
    ExternalChecksum = "EXTERNAL_CHECKSUM" {
        en: "{path} was not put in place on {endpoint}: what arrived has {reason}. Check the file at the source and the checksum that was given.",
        fr: "{path} n'a pas été mis en place sur {endpoint} : ce qui est arrivé a {reason}. Vérifiez le fichier à la source et la somme de contrôle donnée."
    }
    /// A checksum was given for something that is a directory.
    ChecksumOfDirectory = "CHECKSUM_OF_DIRECTORY" {
        en: "{path} on {endpoint} is a directory, and a checksum can be given for a file only. Leave the checksum out, or name the file.",
        fr: "{path} sur {endpoint} est un dossier, et une somme de contrôle ne vaut que pour un fichier. Retirez-la ou indiquez le fichier."
    }
    /// Something got a name that can exist on the destination's file system.
    Renamed = "RENAMED" {
        en: "{path} is called {reason} on {endpoint}, because its own name cannot exist there or is another one there. Later transfers with `--names rename` find it by that name.",
        fr: "{path} s'appelle {reason} sur {endpoint}, car son propre nom ne peut pas y exister ou y est déjà un autre nom. Les prochains transferts avec `--names rename` le retrouveront sous ce nom."
    }
    /// Something got a free name beside what has its name.
    RenamedBeside = "RENAMED_BESIDE" {
        en: "{path} exists already on {endpoint} and was left as it is; what arrived is beside it as {reason}. Compare the two and keep the one that you want.",
        fr: "{path} existe déjà sur {endpoint} et n'a pas été modifié ; ce qui est arrivé se trouve à côté sous le nom {reason}. Comparez les deux et gardez celui que vous voulez."
    }
    /// A file arrived without some of its extended attributes.
    AttributesNotKept = "ATTRIBUTES_NOT_KEPT" {
        en: "Not all extended attributes of {path} could be kept ({endpoint}): {reason}. Its content is complete. If a program needs them, copy them by other means, or choose a destination that keeps them.",
        fr: "Les attributs étendus de {path} n'ont pas tous pu être gardés ({endpoint}) : {reason}. Son contenu est complet. Si un programme en a besoin, copiez-les autrement ou choisissez une destination qui les garde."
    }
    /// A name that is one file with others at the source arrived as a file of its own.
    HardLinksNotKept = "HARD_LINKS_NOT_KEPT" {
        en: "{path} is one file with other names at the source, and has arrived as a file of its own ({endpoint}): {reason}. Its content is complete. To have them as one file, choose a destination whose disk keeps hard links.",
        fr: "{path} forme un seul fichier avec d'autres noms à la source et est arrivé comme un fichier à part ({endpoint}) : {reason}. Son contenu est complet. Pour n'avoir qu'un fichier, choisissez une destination dont le disque garde les liens physiques."
    }
    /// No default directory is set.
    NoDefaultDirectory = "NO_DEFAULT_DIRECTORY" {
        en: "{endpoint} has no default directory, because no folder is shared yet. Use a full path, or share a folder with `outport folders add`.",
        fr: "{endpoint} n'a pas de dossier par défaut, car aucun dossier n'est partagé. Utilisez un chemin complet ou partagez un dossier avec `outport folders add`."
    }
    /// The disk is full or a quota is reached.
    NoSpace = "NO_SPACE" {
        en: "There is no room for {path} on {endpoint}. Free some space; the transfer goes on by itself.",
        fr: "Il n'y a plus de place pour {path} sur {endpoint}. Libérez de l'espace ; le transfert continuera de lui-même."
    }
    /// The disk or a quota is full, and that was to fail the task.
    NoSpaceFailed = "NO_SPACE_FAILED" {
        en: "There is no room for {path} on {endpoint}, and the transfer was asked not to wait for any. Free some space, and transfer it again.",
        fr: "Il n'y a plus de place pour {path} sur {endpoint}, et le transfert ne devait pas attendre. Libérez de l'espace, puis transférez à nouveau."
    }
    /// A running transfer waits for room.
    WaitsForRoom = "WAITS_FOR_ROOM" {
        en: "The disk or the quota of {endpoint} is full. Free some space; the transfer goes on by itself.",
        fr: "Le disque ou le quota de {endpoint} est plein. Libérez de l'espace ; le transfert continuera de lui-même."
    }
    /// A file kept changing while it was read.
    FileChanging = "FILE_CHANGING" {
        en: "{path} on {endpoint} kept changing while it was read. Transfer it again when nothing writes to it.",
        fr: "{path} sur {endpoint} changeait pendant sa lecture. Transférez-le à nouveau quand plus rien n'y écrit."
    }
    /// A file changed while it was read, and is read again.
    FileChanged = "FILE_CHANGED" {
        en: "{path} on {endpoint} changed while it was read. It is read again.",
        fr: "{path} sur {endpoint} a changé pendant sa lecture. Il est lu à nouveau."
    }
    /// A link or a special file, which is never transferred.
    SkippedKind = "SKIPPED_KIND" {
        en: "{path} on {endpoint} is a {kind} and was left out.",
        fr: "{path} sur {endpoint} est de type {kind} et a été ignoré."
    }
    /// A folder inside a tree is for computers of the same network, and the other one is elsewhere.
    LocalOnlySkipped = "LOCAL_ONLY_SKIPPED" {
        en: "{path} on {endpoint} is shared inside its local network only and was left out. It is copied when both computers are in one network, or when its owner opens it to others.",
        fr: "{path} sur {endpoint} n'est partagé que dans son réseau local et a été ignoré. Il sera copié lorsque les deux ordinateurs seront dans un même réseau, ou lorsque son propriétaire l'ouvrira à d'autres."
    }
    /// A directory is empty at the source, and everything at the destination would go with it.
    SourceEmpty = "SOURCE_EMPTY" {
        en: "{path} on {endpoint} is empty, so nothing was deleted at the destination. Check that its drive is connected; if it is meant to be empty, transfer again with `--allow-empty-source`.",
        fr: "{path} sur {endpoint} est vide ; rien n'a donc été supprimé à la destination. Vérifiez que son disque est connecté ; si ce dossier doit être vide, relancez le transfert avec `--allow-empty-source`."
    }
    /// A link stands where what is not at the source was to be removed.
    DestinationLink = "DESTINATION_LINK" {
        en: "{path} on {endpoint} is a symbolic link, so nothing was deleted there. Name the directory that it leads to.",
        fr: "{path} sur {endpoint} est un lien symbolique ; rien n'y a donc été supprimé. Indiquez le dossier vers lequel il mène."
    }
    /// Digests disagree although the content was sent again.
    DigestMismatch = "DIGEST_MISMATCH" {
        en: "{path} does not read back on {endpoint} as it was sent. Check the disk of {endpoint}; the transfer is tried again.",
        fr: "La relecture de {path} sur {endpoint} ne correspond pas à ce qui a été envoyé. Vérifiez le disque de {endpoint} ; le transfert sera retenté."
    }
    /// A disk that nobody can write to.
    DiskReadOnly = "DISK_READ_ONLY" {
        en: "The disk of {endpoint} that holds {path} can only be read. Have it mounted for writing, or choose another destination.",
        fr: "Le disque de {endpoint} qui contient {path} est en lecture seule. Faites-le monter en écriture, ou choisissez une autre destination."
    }
    /// Any other failure of a disk.
    Disk = "DISK" {
        en: "{endpoint} cannot work on {path}: {reason}.",
        fr: "{endpoint} ne peut pas traiter {path} : {reason}."
    }
    /// Too many entries for one listing.
    ListingTooLong = "LISTING_TOO_LONG" {
        en: "{path} on {endpoint} holds more than {max} entries, too many for one listing. Narrow it with a filter.",
        fr: "{path} sur {endpoint} contient plus de {max} éléments, trop pour une seule liste. Réduisez-la avec un filtre."
    }
    /// The endpoint is not connected.
    NotConnected = "NOT_CONNECTED" {
        en: "{endpoint} is not connected. Start Outport on that computer, and check its network.",
        fr: "{endpoint} n'est pas connecté. Démarrez Outport sur cet ordinateur et vérifiez son réseau."
    }
    /// The endpoint's owner paused it.
    EndpointPaused = "ENDPOINT_PAUSED" {
        en: "{endpoint} is paused by its owner.",
        fr: "{endpoint} est mis en pause par son propriétaire."
    }
    /// The endpoint did not answer in time.
    EndpointTimeout = "ENDPOINT_TIMEOUT" {
        en: "{endpoint} did not answer within {seconds} seconds. A slow disk or a permission prompt on that computer can be the reason.",
        fr: "{endpoint} n'a pas répondu en {seconds} secondes. Un disque lent ou une demande d'autorisation sur cet ordinateur peut en être la cause."
    }
    /// The agents found no way to each other.
    NoRoute = "NO_ROUTE" {
        en: "{source} and {destination} cannot reach each other. Both need outgoing UDP; `outport doctor` on each says what is blocked.",
        fr: "{source} et {destination} ne peuvent pas se joindre. Les deux ont besoin de l'UDP sortant ; `outport doctor` sur chacun indique ce qui est bloqué."
    }
    /// The destination is the source, or inside it.
    SameTree = "SAME_TREE" {
        en: "{destination} is inside {source} or the same place. Choose another destination.",
        fr: "{destination} est à l'intérieur de {source} ou au même endroit. Choisissez une autre destination."
    }
    /// The deadline passed.
    Expired = "EXPIRED" {
        en: "The task was not finished before its deadline, {deadline}.",
        fr: "La tâche n'était pas terminée avant son échéance, {deadline}."
    }
    /// Somebody cancelled the task.
    Canceled = "CANCELED" {
        en: "The task was cancelled by {who}.",
        fr: "La tâche a été annulée par {who}."
    }
    /// A folder was removed while it was in use.
    FolderRemoved = "FOLDER_REMOVED" {
        en: "The owner of {endpoint} no longer shares {path}.",
        fr: "Le propriétaire de {endpoint} ne partage plus {path}."
    }
    /// Nobody is signed in on this computer.
    SignedOut = "SIGNED_OUT" {
        en: "Nobody is signed in. Run `outport login {hub}`.",
        fr: "Personne n'est connecté. Lancez `outport login {hub}`."
    }
    /// This computer is not registered.
    NotSetUp = "NOT_SET_UP" {
        en: "This computer is not set up as an endpoint yet. Run `outport login`, then `outport setup --name NAME`.",
        fr: "Cet ordinateur n'est pas encore configuré comme point d'accès. Lancez `outport login`, puis `outport setup --name NOM`."
    }
    /// The hub no longer knows this endpoint.
    EndpointRemoved = "ENDPOINT_REMOVED" {
        en: "{endpoint} was removed from the hub. To register that computer again, run `outport setup --name NAME` on it.",
        fr: "{endpoint} a été supprimé du hub. Pour enregistrer à nouveau cet ordinateur, lancez-y `outport setup --name NOM`."
    }
    /// Another computer took this one's place at the hub.
    KeyReplaced = "KEY_REPLACED" {
        en: "{endpoint} was set up again with another key, so this computer no longer stands for it. If that was not you, remove the endpoint at the hub.",
        fr: "{endpoint} a été configuré à nouveau avec une autre clé ; cet ordinateur ne le représente plus. Si ce n'était pas vous, supprimez le point d'accès sur le hub."
    }
    /// The hub does not know this computer's key.
    KeyUnknown = "KEY_UNKNOWN" {
        en: "The hub does not know this computer's key. Run `outport setup --name NAME` to register it.",
        fr: "Le hub ne connaît pas la clé de cet ordinateur. Lancez `outport setup --name NOM` pour l'enregistrer."
    }
    /// The hub has too much to do at this moment.
    HubBusy = "HUB_BUSY" {
        en: "The hub is busy. Trying again in {seconds} seconds.",
        fr: "Le hub est occupé. Nouvel essai dans {seconds} secondes."
    }
    /// No agent runs for this profile.
    AgentNotRunning = "AGENT_NOT_RUNNING" {
        en: "No agent is running here. Start it with `outport agent`.",
        fr: "Aucun agent n'est en cours d'exécution ici. Démarrez-le avec `outport agent`."
    }
    /// Another agent holds the profile.
    AgentRunning = "AGENT_RUNNING" {
        en: "An agent for this profile runs already on {host} (process {pid}). Stop it with `outport stop`, or use another --profile.",
        fr: "Un agent pour ce profil est déjà en cours d'exécution sur {host} (processus {pid}). Arrêtez-le avec `outport stop`, ou utilisez un autre --profile."
    }
    /// The hub does not answer.
    HubUnreachable = "HUB_UNREACHABLE" {
        en: "The hub {hub} cannot be reached: {reason}. `outport doctor` says more.",
        fr: "Le hub {hub} est injoignable : {reason}. `outport doctor` en dit plus."
    }
    /// The network lets nothing out before somebody has signed in to it in a browser.
    NetworkSignIn = "NETWORK_SIGN_IN" {
        en: "This network lets nothing through to {host} before somebody has signed in to it in a browser. Open {address} in a browser and sign in there; Outport goes on by itself.",
        fr: "Ce réseau ne laisse rien passer vers {host} tant que personne ne s'y est connecté dans un navigateur. Ouvrez {address} dans un navigateur et connectez-vous ; Outport reprendra de lui-même."
    }
    /// The hub's key is not the one that was pinned.
    HubKeyChanged = "HUB_KEY_CHANGED" {
        en: "The hub {hub} shows another key than the one this computer knows. It may not be the same hub: ask its administrator before you go on.",
        fr: "Le hub {hub} présente une autre clé que celle connue de cet ordinateur. Ce n'est peut-être pas le même hub : demandez à son administrateur avant de continuer."
    }
    /// The setup key cannot be used.
    BadSetupKey = "BAD_SETUP_KEY" {
        en: "The setup key cannot be used: {reason}. Ask the hub for a new one.",
        fr: "La clé de configuration est inutilisable : {reason}. Demandez-en une nouvelle au hub."
    }
    /// A setting is wrong.
    BadConfig = "BAD_CONFIG" {
        en: "{file}, line {line}: {reason}. The rules in force stay as they were.",
        fr: "{file}, ligne {line} : {reason}. Les règles en vigueur restent inchangées."
    }
    /// A folder needs an explicit yes.
    FolderNeedsConfirm = "FOLDER_NEEDS_CONFIRM" {
        en: "{path} is {what}. Sharing it exposes more than most people mean to. Add --yes if you are sure.",
        fr: "{path} est {what}. Le partager expose plus que ce que la plupart souhaitent. Ajoutez --yes si vous êtes sûr."
    }
    /// The key of this computer cannot be had.
    KeyUnavailable = "KEY_UNAVAILABLE" {
        en: "The key of this computer cannot be used: {reason}. Unlock the keyring, or put the key file back, and start Outport again.",
        fr: "La clé de cet ordinateur est inutilisable : {reason}. Déverrouillez le trousseau ou remettez le fichier de clé en place, puis redémarrez Outport."
    }
    /// The address that the owner wants to listen at cannot be had.
    ListenUnavailable = "LISTEN_UNAVAILABLE" {
        en: "Outport cannot listen at {address} (UDP): {reason}. Until it can, another port is used, which a firewall may not let through. End the program that has the port, or name another address; it is tried again when the network changes and when Outport starts.",
        fr: "Outport ne peut pas écouter à {address} (UDP) : {reason}. En attendant, un autre port est utilisé, qu'un pare-feu peut bloquer. Arrêtez le programme qui occupe le port ou indiquez une autre adresse ; un nouvel essai a lieu quand le réseau change et au démarrage d'Outport."
    }
    /// A new version of the app could not be fetched or installed.
    UpdateFailed = "UPDATE_FAILED" {
        en: "The new version could not be installed: {reason}. Try again later, or install it by hand.",
        fr: "La nouvelle version n'a pas pu être installée : {reason}. Réessayez plus tard ou installez-la à la main."
    }
    /// The start at login could not be changed.
    AutostartFailed = "AUTOSTART_FAILED" {
        en: "Whether Outport starts at login could not be changed: {reason}. Change it in the settings of the system.",
        fr: "Le démarrage d'Outport à l'ouverture de session n'a pas pu être modifié : {reason}. Modifiez-le dans les réglages du système."
    }
    /// Outport's own files cannot be read or written.
    StateUnusable = "STATE_UNUSABLE" {
        en: "Outport cannot use its own files in {path}: {reason}.",
        fr: "Outport ne peut pas utiliser ses propres fichiers dans {path} : {reason}."
    }
    /// An order of the hub that its ticket does not cover.
    BadTicket = "BAD_TICKET" {
        en: "{endpoint} refused an order of the hub: {reason}.",
        fr: "{endpoint} a refusé un ordre du hub : {reason}."
    }
    /// The lease of a session ran out.
    LeaseOver = "LEASE_OVER" {
        en: "{endpoint} stopped, because the hub did not renew its permission in time. It goes on when the hub is back.",
        fr: "{endpoint} s'est arrêté, car le hub n'a pas renouvelé son autorisation à temps. Il reprendra au retour du hub."
    }
    /// The link between two agents broke.
    LinkBroken = "LINK_BROKEN" {
        en: "The connection between {endpoint} and {peer} broke: {reason}. The transfer goes on when it is back.",
        fr: "La connexion entre {endpoint} et {peer} a été interrompue : {reason}. Le transfert reprendra à son rétablissement."
    }
    /// As much runs on an endpoint as it takes.
    EndpointBusy = "ENDPOINT_BUSY" {
        en: "{endpoint} is as busy as it can be. This is tried again.",
        fr: "{endpoint} est déjà occupé au maximum. Une nouvelle tentative aura lieu."
    }
    /// The agent is being closed.
    EndpointClosing = "ENDPOINT_CLOSING" {
        en: "Outport is being closed on {endpoint}.",
        fr: "Outport est en cours de fermeture sur {endpoint}."
    }
    /// The owner forbids gateways here.
    NoGateway = "NO_GATEWAY" {
        en: "The owner of {endpoint} does not allow gateways in any folder.",
        fr: "Le propriétaire de {endpoint} n'autorise les passerelles dans aucun dossier."
    }
    /// A moment that has passed.
    TimeIsPast = "TIME_IS_PAST" {
        en: "{time} has passed already. Give a later time.",
        fr: "{time} est déjà passé. Donnez une heure plus tardive."
    }
    /// The task is unknown.
    TaskNotFound = "TASK_NOT_FOUND" {
        en: "There is no task {task}, or it is not yours.",
        fr: "La tâche {task} n'existe pas, ou elle n'est pas la vôtre."
    }
    /// The endpoint is unknown.
    EndpointNotFound = "ENDPOINT_NOT_FOUND" {
        en: "There is no collection {endpoint}, or you have no right to see it. `outport endpoints` lists yours.",
        fr: "La collection {endpoint} n'existe pas, ou vous n'avez pas le droit de la voir. `outport endpoints` liste les vôtres."
    }
    /// The other side broke the protocol.
    PeerViolation = "PEER_VIOLATION" {
        en: "{endpoint} sent something that the protocol does not allow: {reason}. Check that both run a current version.",
        fr: "{endpoint} a envoyé un message non conforme au protocole : {reason}. Vérifiez que les deux côtés sont à jour."
    }
    /// Versions do not fit.
    VersionUnsupported = "VERSION_UNSUPPORTED" {
        en: "This version of Outport ({ours}) and the other side's ({theirs}) do not understand each other. Update the older one.",
        fr: "Cette version d'Outport ({ours}) et celle de l'autre côté ({theirs}) ne se comprennent pas. Mettez à jour la plus ancienne."
    }
    /// A text is no address of a hub.
    BadHubAddress = "BAD_HUB_ADDRESS" {
        en: "`{address}` is not the address of a hub: {reason}. Ask whoever runs your hub for its address.",
        fr: "`{address}` n'est pas l'adresse d'un hub : {reason}. Demandez l'adresse à la personne qui gère votre hub."
    }
    /// The certificate of a hub is not trusted.
    HubUntrusted = "HUB_UNTRUSTED" {
        en: "The certificate of {hub} is not trusted here: {reason}. Check the address and this computer's clock; a hub with a certificate of its own needs `ca_file` in the config.",
        fr: "Le certificat de {hub} n'est pas reconnu ici : {reason}. Vérifiez l'adresse et l'horloge de cet ordinateur ; un hub doté de son propre certificat nécessite `ca_file` dans la configuration."
    }
    /// A text is no address of a proxy.
    BadProxy = "BAD_PROXY" {
        en: "{address} cannot be the proxy: {reason}. Write it as http://proxy.example.org:3128 or socks5://proxy.example.org:1080.",
        fr: "{address} ne peut pas être le proxy : {reason}. Écrivez-le comme http://proxy.example.org:3128 ou socks5://proxy.example.org:1080."
    }
    /// The proxy does not answer.
    ProxyUnreachable = "PROXY_UNREACHABLE" {
        en: "The proxy {proxy} cannot be reached: {reason}. Check its address with `outport proxy show`, and this computer's network.",
        fr: "Le proxy {proxy} est injoignable : {reason}. Vérifiez son adresse avec `outport proxy show`, et le réseau de cet ordinateur."
    }
    /// The proxy lets nobody through without a name.
    ProxyNeedsLogin = "PROXY_NEEDS_LOGIN" {
        en: "The proxy {proxy} demands a user and a password, and none is set. Set them in the app's settings or with `outport proxy set {proxy} --user NAME`.",
        fr: "Le proxy {proxy} exige un nom d'utilisateur et un mot de passe, et aucun n'est défini. Définissez-les dans les réglages de l'application ou avec `outport proxy set {proxy} --user NOM`."
    }
    /// The proxy does not know the user with this password.
    ProxyLoginWrong = "PROXY_LOGIN_WRONG" {
        en: "The proxy {proxy} does not accept the password of `{user}`. Set user and password again in the app's settings or with `outport proxy set {proxy} --user {user}`.",
        fr: "Le proxy {proxy} n'accepte pas le mot de passe de `{user}`. Redéfinissez l'utilisateur et le mot de passe dans les réglages de l'application ou avec `outport proxy set {proxy} --user {user}`."
    }
    /// The proxy does not make the connection.
    ProxyRefused = "PROXY_REFUSED" {
        en: "The proxy {proxy} does not connect this computer to {host}: {reason}. Ask whoever runs the proxy, or set another with `outport proxy set`.",
        fr: "Le proxy {proxy} ne relie pas cet ordinateur à {host} : {reason}. Demandez à la personne qui gère le proxy, ou définissez-en un autre avec `outport proxy set`."
    }
    /// What the proxy wants to hear is kept where nobody can read it now.
    ProxyLoginUnavailable = "PROXY_LOGIN_UNAVAILABLE" {
        en: "The password for the proxy {proxy} cannot be read or kept: {reason}. Unlock the keyring or free the file, or set it again with `outport proxy set`.",
        fr: "Le mot de passe du proxy {proxy} ne peut être ni lu ni conservé : {reason}. Déverrouillez le trousseau ou libérez le fichier, ou redéfinissez-le avec `outport proxy set`."
    }
    /// Something answers that is no hub.
    NotAHub = "NOT_A_HUB" {
        en: "What answers at {hub} is not a hub: {reason}. Check the address.",
        fr: "Ce qui répond à {hub} n'est pas un hub : {reason}. Vérifiez l'adresse."
    }
    /// The hub says no, in words of its own.
    HubRefused = "HUB_REFUSED" {
        en: "The hub {hub} refused: {reason}",
        fr: "Le hub {hub} a refusé : {reason}"
    }
    /// The person or the hub said no to a sign-in.
    SignInRefused = "SIGN_IN_REFUSED" {
        en: "The sign-in was refused: {reason}. Start it again to try once more.",
        fr: "La connexion a été refusée : {reason}. Recommencez pour réessayer."
    }
    /// Nobody finished a sign-in in time.
    SignInExpired = "SIGN_IN_EXPIRED" {
        en: "Nobody finished the sign-in in time. Start it again.",
        fr: "La connexion n'a pas été terminée à temps. Recommencez."
    }
    /// The browser would have nowhere to come back to.
    SignInNoBrowser = "SIGN_IN_NO_BROWSER" {
        en: "The browser cannot come back to Outport on this computer: {reason}. Sign in with a code instead.",
        fr: "Le navigateur ne peut pas revenir vers Outport sur cet ordinateur : {reason}. Connectez-vous plutôt avec un code."
    }
    /// A name that no endpoint can have.
    BadEndpointName = "BAD_ENDPOINT_NAME" {
        en: "This computer cannot be called `{name}`: {reason}.",
        fr: "Cet ordinateur ne peut pas s'appeler `{name}` : {reason}."
    }
    /// Another computer has the name.
    NameTaken = "NAME_TAKEN" {
        en: "Another computer is {endpoint} already. Choose another name, or let this computer take its place.",
        fr: "Un autre ordinateur est déjà {endpoint}. Choisissez un autre nom, ou laissez cet ordinateur prendre sa place."
    }
    /// A task that was not submitted here cannot be submitted again from here.
    CannotRetry = "CANNOT_RETRY" {
        en: "Task {task} was not submitted from this computer, so it cannot be submitted again from here. Start it again where it came from.",
        fr: "La tâche {task} n'a pas été soumise depuis cet ordinateur et ne peut donc pas l'être à nouveau d'ici. Relancez-la là d'où elle vient."
    }
    /// The config cannot be written.
    ConfigUnwritable = "CONFIG_UNWRITABLE" {
        en: "{file} cannot be written: {reason}. Nothing was changed; make the file writable, or free some space.",
        fr: "{file} ne peut pas être écrit : {reason}. Rien n'a été modifié ; rendez le fichier accessible en écriture ou libérez de l'espace."
    }
    /// The file that a centre rolled out has a mistake.
    BadPreset = "BAD_PRESET" {
        en: "The preset {file} cannot be used: {reason}. Ask whoever installed Outport; without it everything is asked here.",
        fr: "Le préréglage {file} est inutilisable : {reason}. Demandez à la personne qui a installé Outport ; sans lui, tout est demandé ici."
    }
    /// A shared folder is not there.
    FolderMissing = "FOLDER_MISSING" {
        en: "{path} is not there. If it is on a drive, connect it; else stop sharing the folder.",
        fr: "{path} est introuvable. S'il est sur un disque, branchez-le ; sinon, arrêtez de partager ce dossier."
    }
    /// Something else stands where a shared folder was.
    FolderReplaced = "FOLDER_REPLACED" {
        en: "{path} is no longer a directory. Put the directory back, or stop sharing the folder.",
        fr: "{path} n'est plus un dossier. Remettez le dossier en place, ou arrêtez de le partager."
    }
    /// The operating system does not open a shared folder.
    FolderUnreadable = "FOLDER_UNREADABLE" {
        en: "The operating system does not let Outport open {path}. Give yourself access to it, or stop sharing the folder.",
        fr: "Le système d'exploitation ne permet pas à Outport d'ouvrir {path}. Accordez-vous l'accès, ou arrêtez de partager ce dossier."
    }
    /// The operating system does not let anybody write in a shared folder.
    FolderUnwritable = "FOLDER_UNWRITABLE" {
        en: "The operating system does not let Outport write in {path}. Give yourself the right to, or share the folder read-only.",
        fr: "Le système d'exploitation ne permet pas à Outport d'écrire dans {path}. Accordez-vous ce droit, ou partagez le dossier en lecture seule."
    }
    /// No folder is shared.
    NothingShared = "NOTHING_SHARED" {
        en: "Nothing is shared yet, so nobody can reach anything. Share a folder in the app or with `outport folders add`.",
        fr: "Rien n'est encore partagé ; personne ne peut donc accéder à quoi que ce soit. Partagez un dossier dans l'application ou avec `outport folders add`."
    }
    /// The name of the hub has no address.
    HubNameUnknown = "HUB_NAME_UNKNOWN" {
        en: "{host} cannot be found. Check the name, and this computer's network.",
        fr: "{host} est introuvable. Vérifiez le nom et le réseau de cet ordinateur."
    }
    /// This computer's clock is wrong.
    ClockWrong = "CLOCK_WRONG" {
        en: "The clocks of this computer and of the hub are {seconds} seconds apart. Let this computer set its clock by itself.",
        fr: "Les horloges de cet ordinateur et du hub diffèrent de {seconds} secondes. Laissez cet ordinateur régler son horloge automatiquement."
    }
    /// Nothing comes back over UDP.
    UdpBlocked = "UDP_BLOCKED" {
        en: "{place} does not answer: outgoing UDP is blocked somewhere. Files to and from other networks go through the hub's own port instead, which costs the hub more; ask whoever runs the network to let UDP out.",
        fr: "{place} ne répond pas : l'UDP sortant est bloqué quelque part. Les fichiers vers et depuis d'autres réseaux passent alors par le port du hub, ce qui lui coûte davantage ; demandez à l'administrateur du réseau d'autoriser l'UDP sortant."
    }
    /// The certificates that the owner named cannot be read.
    CaFileUnreadable = "CA_FILE_UNREADABLE" {
        en: "The extra certificates cannot be read: {reason}. Put the file back, or name another one as `ca_file` in the config.",
        fr: "Les certificats supplémentaires ne peuvent pas être lus : {reason}. Remettez le fichier en place, ou indiquez-en un autre comme `ca_file` dans la configuration."
    }
    /// The certificate is signed by somebody whom this computer does not know.
    UnknownIssuer = "UNKNOWN_ISSUER" {
        en: "The certificate shown for {hub} is signed by {issuer}, whom this computer does not trust. Ask whoever runs the network or the hub whether that is their proxy that inspects connections, or the hub's own authority; if so, name its certificate as `ca_file` in the config. If nobody knows it, do not go on.",
        fr: "Le certificat présenté pour {hub} est signé par {issuer}, à qui cet ordinateur ne fait pas confiance. Demandez au responsable du réseau ou du hub s'il s'agit de leur proxy qui inspecte les connexions, ou de l'autorité propre du hub ; si oui, indiquez son certificat comme `ca_file` dans la configuration. Si personne ne le connaît, n'allez pas plus loin."
    }
    /// The hub's TCP port takes no connection.
    HubClosed = "HUB_CLOSED" {
        en: "{host} takes no connection at TCP port {port}: it is down, or a firewall keeps this computer from it. Ask whoever runs the network to let TCP out to {host}, port {port}; Outport needs no other port.",
        fr: "{host} n'accepte aucune connexion sur le port TCP {port} : il est arrêté, ou un pare-feu en sépare cet ordinateur. Demandez au responsable du réseau de laisser sortir TCP vers {host}, port {port} ; Outport n'a besoin d'aucun autre port."
    }
    /// The hub, or what stands before it, takes too long.
    HubSlow = "HUB_SLOW" {
        en: "{hub} did not answer in time. Check again; if it stays so, ask whoever runs the hub or the proxy on the way.",
        fr: "{hub} n'a pas répondu à temps. Vérifiez à nouveau ; si cela persiste, adressez-vous au responsable du hub ou du proxy sur le chemin."
    }
    /// The hub answers, but no WebSocket comes up.
    NoWebSocket = "NO_WEBSOCKET" {
        en: "{hub} answers, but no WebSocket comes up: {reason}. A proxy or firewall on the way may not let WebSockets pass; ask whoever runs it to.",
        fr: "{hub} répond, mais aucun WebSocket ne s'établit : {reason}. Un proxy ou un pare-feu sur le chemin ne laisse peut-être pas passer les WebSockets ; demandez à son responsable de les autoriser."
    }
    /// The hub's port answers, but the agents' channel does not come up.
    NoChannel = "NO_CHANNEL" {
        en: "{hub} answers, but the channel for agents does not come up: {reason}. Check again; if it stays so, ask whoever runs the hub.",
        fr: "{hub} répond, mais le canal des agents ne s'établit pas : {reason}. Vérifiez à nouveau ; si cela persiste, adressez-vous au responsable du hub."
    }
    /// The hub's HTTPS port carries no content.
    NoTunnel = "NO_TUNNEL" {
        en: "Files cannot go through the HTTPS port of {hub}: {reason}. Where UDP is blocked they need it; ask whoever runs the hub.",
        fr: "Les fichiers ne peuvent pas passer par le port HTTPS de {hub} : {reason}. Là où l'UDP est bloqué, ils en ont besoin ; adressez-vous au responsable du hub."
    }
    /// UDP gets out, but not in packets of the size that QUIC needs.
    PacketsLost = "PACKETS_LOST" {
        en: "Small UDP packets get through, those of {bytes} bytes do not. Files to and from other networks go through the hub's HTTPS port instead; ask whoever runs the network or the VPN why large packets are lost.",
        fr: "Les petits paquets UDP passent, ceux de {bytes} octets non. Les fichiers depuis et vers d'autres réseaux passent par le port HTTPS du hub ; demandez au responsable du réseau ou du VPN pourquoi les grands paquets se perdent."
    }
    /// A relay on another computer than the hub's says nothing.
    RelaySilent = "RELAY_SILENT" {
        en: "The relay {place} does not answer over UDP: it is down, or a firewall is in between. The hub's other relays are used instead; tell whoever runs the hub if it stays so.",
        fr: "Le relais {place} ne répond pas par UDP : il est arrêté, ou un pare-feu se trouve entre les deux. Les autres relais du hub sont utilisés à sa place ; prévenez le responsable du hub si cela persiste."
    }
    /// The account has had forwarded what the hub allows in a day.
    RelayDayUsed = "RELAY_DAY_USED" {
        en: "Today's allowance at the hub's relay is used up. Files for which there is no straight way go on after {until}; earlier if one of both computers lets the other in by UDP (a check of the connection says what is in the way), or if whoever runs the hub allows more.",
        fr: "Le volume accordé pour aujourd'hui par le relais du hub est épuisé. Les fichiers pour lesquels il n'existe pas de voie directe reprendront après {until} ; plus tôt si l'un des deux ordinateurs laisse entrer l'autre par UDP (une vérification de la connexion indique ce qui s'y oppose), ou si le responsable du hub en accorde davantage."
    }
    /// A folder is for computers of the same network, and the other one is elsewhere.
    LocalNetworkOnly = "LOCAL_NETWORK_ONLY" {
        en: "{path} on {endpoint} is shared inside its local network only, and no way inside it leads to {peer}. Files go on moving when both are in one network, or when the owner of {endpoint} opens the folder to others.",
        fr: "{path} sur {endpoint} n'est partagé que dans son réseau local, et aucune voie n'y mène à {peer}. Le transfert reprend dès que les deux ordinateurs sont dans un même réseau, ou dès que le propriétaire de {endpoint} ouvre le dossier à d'autres."
    }
    /// The other computer is this one.
    PeerIsHere = "PEER_IS_HERE" {
        en: "{endpoint} is this computer. Name another one.",
        fr: "{endpoint} est cet ordinateur. Indiquez-en un autre."
    }
    /// The other computer belongs to somebody else.
    PeerNotYours = "PEER_NOT_YOURS" {
        en: "{endpoint} belongs to another account. Ways can be checked between computers of one account.",
        fr: "{endpoint} appartient à un autre compte. Les voies se vérifient entre les ordinateurs d'un même compte."
    }
    /// The other computer does not know what it is asked for.
    PeerTooOld = "PEER_TOO_OLD" {
        en: "The Outport on {endpoint} is too old to take part in this check. Update it there.",
        fr: "L'Outport de {endpoint} est trop ancien pour participer à cette vérification. Mettez-le à jour."
    }
    /// The hub does not know what it is asked for.
    HubTooOld = "HUB_TOO_OLD" {
        en: "The hub is too old for this check. Ask whoever runs it to update it.",
        fr: "Le hub est trop ancien pour cette vérification. Demandez à son responsable de le mettre à jour."
    }
    /// A program error or a broken store.
    Internal = "INTERNAL" {
        en: "Something went wrong inside Outport; the log says more ({request}).",
        fr: "Une erreur interne s'est produite dans Outport ; le journal en dit plus ({request})."
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_both_languages_use_the_same_arguments() {
        let problems = Code::ALL
            .iter()
            .map(|code| (code.word(), [code.template(Language::En), code.template(Language::Fr)]));
        let facts = FactCode::ALL
            .iter()
            .map(|code| (code.word(), [code.template(Language::En), code.template(Language::Fr)]));
        let all: Vec<_> = problems.chain(facts).collect();
        let words: BTreeSet<_> = all.iter().map(|(word, _)| word).collect();
        assert_eq!(words.len(), all.len());
        for (word, [en, fr]) in &all {
            assert_eq!(arguments(en), arguments(fr), "{word}");
        }
    }

    fn arguments(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }
}
