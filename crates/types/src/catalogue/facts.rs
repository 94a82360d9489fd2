//! What a check says of each thing that it looked at, and in the end of all.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Language;

catalogue! {
    /// The stable code of something that a check found, which need not be wrong.
    enum FactCode;

    /// The verdict: nothing stands in the way.
    Works = "WORKS" {
        en: "Everything works. Files go straight to other computers wherever their networks let them.",
        fr: "Tout fonctionne. Les fichiers vont directement aux autres ordinateurs partout où leurs réseaux le permettent."
    }
    /// The verdict: connected, and more cannot be said.
    WorksWithHub = "WORKS_WITH_HUB" {
        en: "It works: this computer reaches the hub.",
        fr: "Cela fonctionne : cet ordinateur joint le hub."
    }
    /// The verdict: a router that takes another port for each target.
    WorksByRelay = "WORKS_BY_RELAY" {
        en: "It works. The router here gives every connection another port, so files go straight only to computers that let everybody in; to and from all others they go through the hub's relay, at most as fast as the hub's line.",
        fr: "Cela fonctionne. Le routeur donne un autre port à chaque connexion : les fichiers ne vont directement qu'aux ordinateurs ouverts à tous ; depuis et vers tous les autres, ils passent par le relais du hub, au plus à la vitesse de sa ligne."
    }
    /// The verdict: no UDP, but the HTTPS port.
    WorksByTunnel = "WORKS_BY_TUNNEL" {
        en: "It works, but UDP is blocked here: files to and from other networks go through the hub's HTTPS port, which is slower than the straight way. To have that, ask whoever runs the network to let UDP out, to {place} and to other computers.",
        fr: "Cela fonctionne, mais l'UDP est bloqué ici : les fichiers depuis et vers d'autres réseaux passent par le port HTTPS du hub, ce qui est plus lent que la voie directe. Pour celle-ci, demandez au responsable du réseau de laisser sortir l'UDP, vers {place} et vers d'autres ordinateurs."
    }
    /// The verdict: UDP reaches a relay, but not the hub.
    WorksByOtherRelay = "WORKS_BY_OTHER_RELAY" {
        en: "It works, but UDP does not get to the hub from here. Files to and from other networks go through the relay {place}, where nothing leads straight.",
        fr: "Cela fonctionne, mais l'UDP n'atteint pas le hub d'ici. Les fichiers depuis et vers d'autres réseaux passent par le relais {place}, là où rien ne mène directement."
    }
    /// Beside the verdict: nothing is relayed any more today.
    RelayDayOver = "RELAY_DAY_OVER" {
        en: "Today's allowance at the hub's relay is used up: until {until}, files go only where a straight way leads. Ask whoever runs the hub for more.",
        fr: "Le volume accordé pour aujourd'hui par le relais du hub est épuisé : jusqu'à {until}, les fichiers ne passent que là où une voie directe existe. Demandez-en davantage au responsable du hub."
    }
    /// The verdict on the way to one computer: one network.
    PeerNear = "PEER_NEAR" {
        en: "Files go straight between this computer and {peer}, within one network; a packet and its answer take {ms} ms.",
        fr: "Les fichiers vont directement entre cet ordinateur et {peer}, dans un même réseau ; un paquet et sa réponse prennent {ms} ms."
    }
    /// The same: across networks.
    PeerStraight = "PEER_STRAIGHT" {
        en: "Files go straight between this computer and {peer}; a packet and its answer take {ms} ms.",
        fr: "Les fichiers vont directement entre cet ordinateur et {peer} ; un paquet et sa réponse prennent {ms} ms."
    }
    /// The same: a relay.
    PeerByRelay = "PEER_BY_RELAY" {
        en: "Files between this computer and {peer} go through a relay, at most as fast as its line; a packet and its answer take {ms} ms.",
        fr: "Les fichiers entre cet ordinateur et {peer} passent par un relais, au plus à la vitesse de sa ligne ; un paquet et sa réponse prennent {ms} ms."
    }
    /// The same: the HTTPS port.
    PeerByTunnel = "PEER_BY_TUNNEL" {
        en: "Files between this computer and {peer} go through the hub's HTTPS port, as UDP does not get through; a packet and its answer take {ms} ms. A check of the connection on both says where it is blocked.",
        fr: "Les fichiers entre cet ordinateur et {peer} passent par le port HTTPS du hub, car l'UDP ne passe pas ; un paquet et sa réponse prennent {ms} ms. Une vérification de la connexion sur les deux indique où il est bloqué."
    }
    /// The same: none.
    PeerOutOfReach = "PEER_OUT_OF_REACH" {
        en: "No way to {peer} was found.",
        fr: "Aucune voie vers {peer} n'a été trouvée."
    }
    /// The same: it was not tried.
    PeerNotTried = "PEER_NOT_TRIED" {
        en: "The ways to {peer} could not be tried.",
        fr: "Les voies vers {peer} n'ont pas pu être essayées."
    }
    /// The verdict: UDP packets that are too small.
    WorksBySmallPackets = "WORKS_WITHOUT_LARGE_PACKETS" {
        en: "It works, but large UDP packets are lost on the way: files to and from other networks go through the hub's HTTPS port, which is slower than the straight way. Ask whoever runs the network or the VPN.",
        fr: "Cela fonctionne, mais les grands paquets UDP se perdent en chemin : les fichiers depuis et vers d'autres réseaux passent par le port HTTPS du hub, ce qui est plus lent que la voie directe. Adressez-vous au responsable du réseau ou du VPN."
    }
    /// The verdict: the hub is reached, and files get nowhere.
    OnlyOwnNetwork = "ONLY_OWN_NETWORK" {
        en: "The hub is reached, but files move only within this computer's own network: UDP is blocked here, and the hub's HTTPS port carries no files. Ask whoever runs the network to let UDP out to {place}, or whoever runs the hub to switch its relay on.",
        fr: "Le hub est joint, mais les fichiers ne circulent que dans le réseau de cet ordinateur : l'UDP est bloqué ici et le port HTTPS du hub ne transporte pas de fichiers. Demandez au responsable du réseau de laisser sortir l'UDP vers {place}, ou à celui du hub d'activer son relais."
    }
    /// The verdict: there is no hub yet.
    FailsWithoutSetUp = "FAILS_NOT_SET_UP" {
        en: "This computer is not set up yet: sign in and set it up, then check again.",
        fr: "Cet ordinateur n'est pas encore configuré : connectez-vous et configurez-le, puis vérifiez à nouveau."
    }
    /// The verdict: what Outport keeps on this computer is not usable.
    FailsHere = "FAILS_HERE" {
        en: "It does not work: something of Outport's own on this computer has to be mended first.",
        fr: "Cela ne fonctionne pas : il faut d'abord réparer quelque chose d'Outport sur cet ordinateur."
    }
    /// The verdict: the name is not known.
    FailsName = "FAILS_NAME" {
        en: "It does not work: this computer cannot find {host}. It is offline, or the name is wrong or not known in this network.",
        fr: "Cela ne fonctionne pas : cet ordinateur ne trouve pas {host}. Il est hors ligne, ou le nom est faux ou inconnu dans ce réseau."
    }
    /// The verdict: the proxy lets nothing through.
    FailsProxy = "FAILS_PROXY" {
        en: "It does not work: the proxy does not let Outport through to the hub.",
        fr: "Cela ne fonctionne pas : le proxy ne laisse pas Outport joindre le hub."
    }
    /// The verdict: no connection.
    FailsConnection = "FAILS_CONNECTION" {
        en: "It does not work: no connection to {host} comes up. Either the hub is down, or a firewall must let TCP out to {host}, port {port}; this one outbound port is enough.",
        fr: "Cela ne fonctionne pas : aucune connexion à {host} ne s'établit. Soit le hub est arrêté, soit un pare-feu doit laisser sortir TCP vers {host}, port {port} ; ce seul port sortant suffit."
    }
    /// The verdict: the network wants a sign-in.
    FailsNetworkSignIn = "FAILS_NETWORK_SIGN_IN" {
        en: "It does not work yet: this network wants a sign-in first. Open {address} in a browser and sign in there; Outport goes on by itself.",
        fr: "Cela ne fonctionne pas encore : ce réseau demande d'abord une connexion. Ouvrez {address} dans un navigateur et connectez-vous ; Outport reprendra de lui-même."
    }
    /// The verdict: a certificate that is not accepted.
    FailsCertificate = "FAILS_CERTIFICATE" {
        en: "It does not work: the certificate that is shown for the hub is not trusted here.",
        fr: "Cela ne fonctionne pas : le certificat présenté pour le hub n'est pas reconnu ici."
    }
    /// The verdict: the control channel does not come up.
    FailsChannel = "FAILS_CHANNEL" {
        en: "It does not work: the hub's port answers, but the agent's channel does not come up.",
        fr: "Cela ne fonctionne pas : le port du hub répond, mais le canal de l'agent ne s'établit pas."
    }
    /// The verdict: only the sign-in is over.
    FailsSignIn = "FAILS_SIGN_IN" {
        en: "The connection works, but the sign-in does not: sign in again.",
        fr: "La connexion fonctionne, mais pas la session : connectez-vous à nouveau."
    }
    /// The verdict: only a folder is wrong.
    FailsFolders = "FAILS_FOLDERS" {
        en: "The connection works, but not every shared folder can be used.",
        fr: "La connexion fonctionne, mais les dossiers partagés ne sont pas tous utilisables."
    }
    /// The verdict, more of it: a proxy opens the outer encryption.
    Inspected = "INSPECTED" {
        en: "Encrypted connections are opened on the way by {issuer}, as far as can be seen. Outport works through that: orders, file names and files are sealed a second time, between keys of its own.",
        fr: "Les connexions chiffrées sont ouvertes en chemin par {issuer}, autant qu'on puisse le voir. Outport fonctionne malgré cela : ordres, noms et contenus des fichiers sont scellés une seconde fois, entre ses propres clés."
    }
    /// The verdict, more of it: what the HTTPS port carries.
    Measured = "MEASURED" {
        en: "Measured just now through the hub's HTTPS port: {up} Mbit/s out, {down} Mbit/s in.",
        fr: "Mesuré à l'instant par le port HTTPS du hub : {up} Mbit/s en sortie, {down} Mbit/s en entrée."
    }
    /// How fast the relay carries what goes by UDP, said with the verdict.
    MeasuredByUdp = "MEASURED_BY_UDP" {
        en: "Measured just now by UDP through the relay {place}: {rate} Mbit/s, out from here and back in at the same time.",
        fr: "Mesuré à l'instant par UDP à travers le relais {place} : {rate} Mbit/s, en sortie d'ici et en retour en même temps."
    }

    /// The config holds no mistake.
    ConfigRead = "CONFIG_READ" {
        en: "Read without a mistake.",
        fr: "Lu sans erreur."
    }
    /// This computer is set up.
    SetUp = "SET_UP" {
        en: "{name} at {hub}.",
        fr: "{name} sur {hub}."
    }
    /// No proxy.
    StraightWay = "STRAIGHT_WAY" {
        en: "None: the way to the hub is straight.",
        fr: "Aucun : la voie vers le hub est directe."
    }
    /// A proxy that the owner set.
    ProxyByConfig = "PROXY_BY_CONFIG" {
        en: "{proxy}, named by the config.",
        fr: "{proxy}, indiqué par la configuration."
    }
    /// A proxy that a variable names.
    ProxyByEnvironment = "PROXY_BY_ENVIRONMENT" {
        en: "{proxy}, named by the environment.",
        fr: "{proxy}, indiqué par l'environnement."
    }
    /// A proxy of the operating system.
    ProxyBySystem = "PROXY_BY_SYSTEM" {
        en: "{proxy}, named by the operating system.",
        fr: "{proxy}, indiqué par le système d'exploitation."
    }
    /// The name has addresses.
    NameFound = "NAME_FOUND" {
        en: "{host} is {addresses}.",
        fr: "{host} : {addresses}."
    }
    /// A TCP connection came up.
    Connected = "CONNECTED" {
        en: "Connected within {ms} ms.",
        fr: "Connecté en {ms} ms."
    }
    /// No TLS on this computer.
    TlsNotNeeded = "TLS_NOT_NEEDED" {
        en: "Not needed: the hub is on this computer.",
        fr: "Inutile : le hub est sur cet ordinateur."
    }
    /// A certificate of a public authority.
    CertificatePublic = "CERTIFICATE_PUBLIC" {
        en: "The certificate is signed by {issuer} and vouched for by a public authority.",
        fr: "Le certificat est signé par {issuer} et garanti par une autorité publique."
    }
    /// A certificate that the owner's file vouches for.
    CertificateByFile = "CERTIFICATE_BY_FILE" {
        en: "The certificate is signed by {issuer}, trusted by the extra certificates that are set here (`ca_file`).",
        fr: "Le certificat est signé par {issuer}, reconnu grâce aux certificats supplémentaires définis ici (`ca_file`)."
    }
    /// A certificate that only the system's store vouches for.
    CertificateBySystem = "CERTIFICATE_BY_SYSTEM" {
        en: "The certificate is signed by {issuer}, whom this computer's system trusts and no public authority vouches for: as a rule a proxy or a virus scanner that inspects connections, or the authority of an institution. Outport works through it: what matters is sealed a second time, between keys of its own.",
        fr: "Le certificat est signé par {issuer}, que le système de cet ordinateur reconnaît et qu'aucune autorité publique ne garantit : en général un proxy ou un antivirus qui inspecte les connexions, ou l'autorité d'une institution. Outport fonctionne malgré cela : l'essentiel est scellé une seconde fois, entre ses propres clés."
    }
    /// The clocks agree.
    ClockRight = "CLOCK_RIGHT" {
        en: "{seconds} s apart from the hub's.",
        fr: "{seconds} s d'écart avec celle du hub."
    }
    /// Somebody is signed in.
    SignedIn = "SIGNED_IN" {
        en: "Signed in at {hub}.",
        fr: "Connecté sur {hub}."
    }
    /// Nobody is signed in.
    NobodySignedIn = "NOBODY_SIGNED_IN" {
        en: "Nobody is signed in; an endpoint works without it.",
        fr: "Personne n'est connecté ; un point d'accès fonctionne sans cela."
    }
    /// Both sides proved their keys.
    KeysProved = "KEYS_PROVED" {
        en: "The hub proved its key.",
        fr: "Le hub a prouvé sa clé."
    }
    /// UDP gets out and back.
    UdpOpen = "UDP_OPEN" {
        en: "{family} gets out and back within {ms} ms; the hub and its relay see this computer as {address}.",
        fr: "{family} : aller et retour en {ms} ms ; le hub et son relais voient cet ordinateur comme {address}."
    }
    /// One family of addresses does not work where the other does.
    UdpFamilyAway = "UDP_FAMILY_AWAY" {
        en: "{family} does not get to the hub from here; the other kind of address is enough.",
        fr: "{family} n'atteint pas le hub d'ici ; l'autre type d'adresse suffit."
    }
    /// The hub tells no UDP port.
    NoUdpPort = "NO_UDP_PORT" {
        en: "Not checked: the hub names no UDP port.",
        fr: "Non vérifié : le hub n'indique aucun port UDP."
    }
    /// The hub sees this computer's own address.
    NatNone = "NAT_NONE" {
        en: "{family}: none. The hub sees this computer's own address; others reach it straight where firewalls let them.",
        fr: "{family} : aucune. Le hub voit l'adresse propre de cet ordinateur ; les autres le joignent directement là où les pare-feu le permettent."
    }
    /// A router that keeps one port for everything.
    NatKeepsPort = "NAT_KEEPS_PORT" {
        en: "{family}: the router keeps one port for everything ({address}). Two computers behind such routers meet straight.",
        fr: "{family} : le routeur garde un seul port pour tout ({address}). Deux ordinateurs derrière de tels routeurs se joignent directement."
    }
    /// A router that takes another port for each target.
    NatChangesPort = "NAT_CHANGES_PORT" {
        en: "{family}: the router takes another port for each target ({address}, then {other}). Two computers behind such routers meet through the relay; only one that lets everybody in is reached straight.",
        fr: "{family} : le routeur prend un autre port pour chaque cible ({address}, puis {other}). Deux ordinateurs derrière de tels routeurs se rencontrent par le relais ; seul un ordinateur ouvert à tous est joint directement."
    }
    /// The kind of router cannot be told.
    NatUnknown = "NAT_UNKNOWN" {
        en: "Not known: the hub answers at one UDP port only, and two are needed to tell.",
        fr: "Inconnue : le hub ne répond que sur un port UDP, et il en faut deux pour le savoir."
    }
    /// Whole packets get through.
    PacketsWhole = "PACKETS_WHOLE" {
        en: "Packets of {bytes} bytes get through, which is all that was tried.",
        fr: "Les paquets de {bytes} octets passent, le maximum essayé."
    }
    /// Packets get through up to a size.
    PacketsUpTo = "PACKETS_UP_TO" {
        en: "Packets of {bytes} bytes get through, those of {lost} bytes do not, as with a VPN or a mobile line. Outport finds the size by itself.",
        fr: "Les paquets de {bytes} octets passent, ceux de {lost} octets non, comme avec un VPN ou une ligne mobile. Outport trouve la taille tout seul."
    }
    /// The size cannot be told.
    PacketsUnknown = "PACKETS_UNKNOWN" {
        en: "Not known: the hub does not answer to packets of a size.",
        fr: "Inconnue : le hub ne répond pas aux paquets d'une taille donnée."
    }
    /// The HTTPS port would carry files.
    TunnelSpare = "TUNNEL_SPARE" {
        en: "Open, and not needed here.",
        fr: "Ouvert, et inutile ici."
    }
    /// The HTTPS port carries files.
    TunnelUsed = "TUNNEL_USED" {
        en: "Open: files go this way here.",
        fr: "Ouvert : les fichiers passent par là."
    }
    /// How fast the HTTPS port is.
    Speed = "SPEED" {
        en: "{up} Mbit/s out, {down} Mbit/s in, through the hub's HTTPS port.",
        fr: "{up} Mbit/s en sortie, {down} Mbit/s en entrée, par le port HTTPS du hub."
    }
    /// How fast the HTTPS port is, where the hub holds relayed sessions to a rate.
    SpeedHeld = "SPEED_HELD" {
        en: "{up} Mbit/s out, {down} Mbit/s in, through the hub's HTTPS port; the hub gives a relayed session at most {limit} Mbit/s.",
        fr: "{up} Mbit/s en sortie, {down} Mbit/s en entrée, par le port HTTPS du hub ; le hub accorde au plus {limit} Mbit/s à une session relayée."
    }
    /// The hub does not measure.
    SpeedUnknown = "SPEED_UNKNOWN" {
        en: "Not measured: the hub does not offer it now. It is of an older version, or was asked too often.",
        fr: "Non mesurée : le hub ne le propose pas pour l'instant. Sa version est plus ancienne, ou on le lui a trop demandé."
    }
    /// How fast a relay carries what goes by UDP.
    UdpSpeed = "UDP_SPEED" {
        en: "{rate} Mbit/s by UDP through {place}, out from here and back in at the same time: as fast as the slower direction of this line.",
        fr: "{rate} Mbit/s par UDP à travers {place}, en sortie d'ici et en retour en même temps : aussi vite que la direction la plus lente de cette ligne."
    }
    /// How fast a relay carries what goes by UDP was not measured.
    UdpSpeedUnknown = "UDP_SPEED_UNKNOWN" {
        en: "Not measured: no relay took part just now. The hub is of an older version, relays nothing, was asked too often, or little of today's allowance is left.",
        fr: "Non mesurée : aucun relais n'y a participé. Le hub est d'une version plus ancienne, ne relaie rien, a été trop sollicité, ou il reste peu du volume accordé pour aujourd'hui."
    }
    /// The owner wants no relay.
    UdpSpeedNotWanted = "UDP_SPEED_NOT_WANTED" {
        en: "Not measured: this computer goes through no relay, as its settings say.",
        fr: "Non mesurée : cet ordinateur ne passe par aucun relais, comme le veulent ses réglages."
    }
    /// Nothing goes by UDP.
    UdpSpeedWithoutUdp = "UDP_SPEED_WITHOUT_UDP" {
        en: "Not measured: no relay answers over UDP.",
        fr: "Non mesurée : aucun relais ne répond par UDP."
    }
    /// A relay answers.
    RelayAnswers = "RELAY_ANSWERS" {
        en: "{place} answers over UDP within {ms} ms.",
        fr: "{place} répond par UDP en {ms} ms."
    }
    /// Of several relays that answer.
    RelayNearest = "RELAY_NEAREST" {
        en: "The nearest is {place}, {ms} ms away.",
        fr: "Le plus proche est {place}, à {ms} ms."
    }
    /// What the hub still forwards today.
    AllowanceLeft = "ALLOWANCE_LEFT" {
        en: "{left} may still go through the hub's relay until {until}.",
        fr: "{left} peuvent encore passer par le relais du hub jusqu'à {until}."
    }
    /// The other computer is there and takes part.
    PeerThere = "PEER_THERE" {
        en: "{peer} is connected to the hub and took part.",
        fr: "{peer} est connecté au hub et a participé."
    }
    /// One way of those to another computer.
    RouteOpen = "ROUTE_OPEN" {
        en: "{place} answers within {ms} ms.",
        fr: "{place} répond en {ms} ms."
    }
    /// The same, found by the other side.
    RouteInwards = "ROUTE_INWARDS" {
        en: "The other computer got here from {place}, {ms} ms away.",
        fr: "L'autre ordinateur est arrivé ici depuis {place}, à {ms} ms."
    }
    /// One way that leads nowhere.
    RouteSilent = "ROUTE_SILENT" {
        en: "{place} does not answer.",
        fr: "{place} ne répond pas."
    }
    /// One way that somebody refuses.
    RouteRefused = "ROUTE_REFUSED" {
        en: "{place}: {reason}.",
        fr: "{place} : {reason}."
    }
    /// Straight ways are not wanted.
    RouteNotWanted = "ROUTE_NOT_WANTED" {
        en: "Not tried: this computer is set to go through a relay only.",
        fr: "Non essayées : cet ordinateur est réglé pour ne passer que par un relais."
    }
    /// The best of the ways.
    WayTaken = "WAY_TAKEN" {
        en: "{way}; a packet and its answer take {ms} ms, and {lost} of {sent} packets were lost.",
        fr: "{way} ; un paquet et sa réponse prennent {ms} ms, et {lost} paquets sur {sent} ont été perdus."
    }
    /// How fast files would go to another computer.
    PeerSpeed = "PEER_SPEED" {
        en: "{up} Mbit/s out, {down} Mbit/s in, for a second each.",
        fr: "{up} Mbit/s en sortie, {down} Mbit/s en entrée, pendant une seconde chacune."
    }
    /// The way broke while it was measured.
    PeerSpeedUnknown = "PEER_SPEED_UNKNOWN" {
        en: "Not measured: the way broke meanwhile, or carried too little to tell.",
        fr: "Non mesurée : la voie s'est interrompue entre-temps, ou a trop peu transporté pour le dire."
    }
    /// A folder that can be used.
    FolderReadOnly = "FOLDER_READ_ONLY" {
        en: "{path}: read only.",
        fr: "{path} : lecture seule."
    }
    /// A folder that can be used, also to write.
    FolderReadWrite = "FOLDER_READ_WRITE" {
        en: "{path}: read and write.",
        fr: "{path} : lecture et écriture."
    }
    /// Skipped: nobody said which hub.
    NoHubYet = "NO_HUB_YET" {
        en: "Not checked: no hub is known yet.",
        fr: "Non vérifié : aucun hub n'est encore connu."
    }
    /// Skipped: no registration.
    NotSetUpHere = "NOT_SET_UP_HERE" {
        en: "Not checked: this computer is not set up.",
        fr: "Non vérifié : cet ordinateur n'est pas configuré."
    }
    /// Skipped: the way is not known.
    NoWayKnown = "NO_WAY_KNOWN" {
        en: "Not checked: nobody can say which way goes to the hub.",
        fr: "Non vérifié : personne ne sait quelle voie mène au hub."
    }
    /// Skipped: there is no address.
    NoAddress = "NO_ADDRESS" {
        en: "Not checked: there is no address to connect to.",
        fr: "Non vérifié : il n'y a pas d'adresse à joindre."
    }
    /// Skipped: there is no connection.
    NoConnection = "NO_CONNECTION" {
        en: "Not checked: there is no connection to the hub.",
        fr: "Non vérifié : il n'y a pas de connexion au hub."
    }
    /// Skipped: the key cannot be used.
    NoKey = "NO_KEY" {
        en: "Not checked: the key of this computer cannot be used.",
        fr: "Non vérifié : la clé de cet ordinateur est inutilisable."
    }
    /// Skipped: everything is on one computer.
    HubIsHere = "HUB_IS_HERE" {
        en: "Not checked: the hub is on this computer.",
        fr: "Non vérifié : le hub est sur cet ordinateur."
    }
    /// Skipped: without UDP there is nothing to see.
    NoUdp = "NO_UDP" {
        en: "Not checked: UDP does not get to the hub.",
        fr: "Non vérifié : l'UDP n'atteint pas le hub."
    }
    /// Skipped: without the tunnel there is nothing to measure.
    NoTunnelHere = "NO_TUNNEL_HERE" {
        en: "Not measured: nothing goes through the hub's HTTPS port.",
        fr: "Non mesurée : rien ne passe par le port HTTPS du hub."
    }
}
