# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_outport_global_optspecs
    string join \n profile= hub= json q/quiet v/verbose color= h/help V/version
end

function __fish_outport_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_outport_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_outport_using_subcommand
    set -l cmd (__fish_outport_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c outport -n "__fish_outport_needs_command" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_needs_command" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_needs_command" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_needs_command" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_needs_command" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_needs_command" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_needs_command" -s V -l version -d 'Print version'
complete -c outport -n "__fish_outport_needs_command" -f -a "hub" -d 'Run a hub, or look after its accounts'
complete -c outport -n "__fish_outport_needs_command" -f -a "relay" -d 'Run a relay for a hub that is on another computer'
complete -c outport -n "__fish_outport_needs_command" -f -a "login" -d 'Sign in at a hub'
complete -c outport -n "__fish_outport_needs_command" -f -a "logout" -d 'Sign out: forget the sign-in here, and end it at the hub'
complete -c outport -n "__fish_outport_needs_command" -f -a "whoami" -d 'Show who is signed in, and at which hub'
complete -c outport -n "__fish_outport_needs_command" -f -a "setup" -d 'Make this computer an endpoint'
complete -c outport -n "__fish_outport_needs_command" -f -a "key" -d 'Look after the key that this computer is known by'
complete -c outport -n "__fish_outport_needs_command" -f -a "folders" -d 'Say what others may reach of this computer; alone, it lists the folders'
complete -c outport -n "__fish_outport_needs_command" -f -a "limits" -d 'Say how fast content may leave and come to this computer; alone, it shows what is set'
complete -c outport -n "__fish_outport_needs_command" -f -a "proxy" -d 'Say which proxy is on the way to the hub; alone, it shows what is set and used'
complete -c outport -n "__fish_outport_needs_command" -f -a "agent" -d 'Run the agent: make this computer reachable, until Ctrl-C or `outport stop`'
complete -c outport -n "__fish_outport_needs_command" -f -a "status" -d 'Show what the agent of this computer is doing'
complete -c outport -n "__fish_outport_needs_command" -f -a "pause" -d 'Stop all transfers of this computer within a second, until resumed'
complete -c outport -n "__fish_outport_needs_command" -f -a "resume" -d 'Go on after a pause'
complete -c outport -n "__fish_outport_needs_command" -f -a "stop" -d 'End the agent of this computer; transfers go on when it is started again'
complete -c outport -n "__fish_outport_needs_command" -f -a "log" -d 'Show the agent\'s log'
complete -c outport -n "__fish_outport_needs_command" -f -a "doctor" -d 'Check what a transfer needs: the way to the hub, its certificate, clock, sign-in, UDP, routers, speed, folders'
complete -c outport -n "__fish_outport_needs_command" -f -a "endpoints" -d 'List, find, rename and delete endpoints; alone, it lists yours'
complete -c outport -n "__fish_outport_needs_command" -f -a "ls" -d 'List a directory of a collection'
complete -c outport -n "__fish_outport_needs_command" -f -a "stat" -d 'Show what stands at a path of a collection'
complete -c outport -n "__fish_outport_needs_command" -f -a "mkdir" -d 'Make a directory in a collection'
complete -c outport -n "__fish_outport_needs_command" -f -a "rename" -d 'Rename a file or directory of a collection'
complete -c outport -n "__fish_outport_needs_command" -f -a "transfer" -d 'Copy files from one collection to another'
complete -c outport -n "__fish_outport_needs_command" -f -a "check" -d 'Compare two trees, in two collections or in one, and move nothing'
complete -c outport -n "__fish_outport_needs_command" -f -a "delete" -d 'Delete files of a collection'
complete -c outport -n "__fish_outport_needs_command" -f -a "tasks" -d 'List, show, follow and cancel transfers and deletions; alone, it lists yours'
complete -c outport -n "__fish_outport_needs_command" -f -a "completions" -d 'Print what makes a shell complete `outport` commands'
complete -c outport -n "__fish_outport_needs_command" -f -a "generate" -d 'Write the manual pages or the completions of every shell into a directory'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l data -d 'The directory of the database and of the keys' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l config -d 'The settings file' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l listen -d 'The address and port for HTTP and WebSocket [default: 127.0.0.1:7440]; port 0 lets the system choose' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l public-url -d 'The URL by which browsers and agents reach this hub, if it is not the address above' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l tls-cert -d 'The certificate chain for TLS, a PEM file' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l tls-key -d 'The private key for TLS, a PEM file' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l udp-listen -d 'The address and UDP port for address discovery; as --listen, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l public-udp -d 'How agents reach the UDP port' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l behind-proxy -d 'A proxy in front ends TLS'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -f -a "user" -d 'Add, list and look after people'
complete -c outport -n "__fish_outport_using_subcommand hub; and not __fish_seen_subcommand_from user app" -f -a "app" -d 'Add, list and remove applications'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l data -d 'The directory of the database and of the keys' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l config -d 'The settings file' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l public-url -d 'The URL by which browsers and agents reach this hub, if it is not the address above' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "add" -d 'Add a person; without a password, print a link by which the person chooses it'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "list" -d 'List everybody'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "passwd" -d 'Set a person\'s password, or print a link by which the person chooses it'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "approve" -d 'Sign a computer in for a person, by the code that `outport login --no-browser` shows there'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "sign-out" -d 'End every sign-in of a person, in browsers, commands and apps; computers stay endpoints'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Close an account: nobody signs in to it, its tokens end'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Open a closed account again'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l data -d 'The directory of the database and of the keys' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l config -d 'The settings file' -r -F
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l public-url -d 'The URL by which browsers and agents reach this hub, if it is not the address above' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -f -a "add" -d 'Add an application, and print its client id and secret, once'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -f -a "list" -d 'List the applications'
complete -c outport -n "__fish_outport_using_subcommand hub; and __fish_seen_subcommand_from app" -f -a "remove" -d 'Remove an application: its secret and tokens end at once'
complete -c outport -n "__fish_outport_using_subcommand relay" -l key -d 'The file of the key that it shares with the hub; made where there is none' -r -F
complete -c outport -n "__fish_outport_using_subcommand relay" -l listen -d 'The address and UDP port [default: every address, port 7440]' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l bytes-per-second -d 'Bytes per second of all sessions together, shared fairly among them' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l session-bytes-per-second -d 'Bytes per second of one session, both directions together' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l user-bytes-per-second -d 'Bytes per second of all sessions of one account' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l user-bytes-per-day -d 'Bytes of all sessions of one account in a day (UTC)' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l metrics -d 'Show /metrics to whoever reaches this address and TCP port' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand relay" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand relay" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand relay" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand relay" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand relay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand login" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand login" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand login" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand login" -l no-browser -d 'Sign in on another device, by a code'
complete -c outport -n "__fish_outport_using_subcommand login" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand login" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand login" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand logout" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand logout" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand logout" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand logout" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand logout" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand logout" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand whoami" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand whoami" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand whoami" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand whoami" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand whoami" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand whoami" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand whoami" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand setup" -l name -d 'Register this computer under your account by this name' -r
complete -c outport -n "__fish_outport_using_subcommand setup" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand setup" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand setup" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand setup" -l replace -d 'Take over the endpoint of that name from the computer that it was'
complete -c outport -n "__fish_outport_using_subcommand setup" -l keyring -d 'Keep the computer\'s key in the keyring of the system, instead of a file of yours'
complete -c outport -n "__fish_outport_using_subcommand setup" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand setup" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand setup" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand key; and not __fish_seen_subcommand_from move" -f -a "move" -d 'Keep the key at another place from now on; it stays the same key'
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand key; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -f -a "list" -d 'List the folders that are shared'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -f -a "add" -d 'Share a folder, or change how it is shared'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -f -a "remove" -d 'No longer share a folder; transfers that use it stop within a second'
complete -c outport -n "__fish_outport_using_subcommand folders; and not __fish_seen_subcommand_from list add remove test" -f -a "test" -d 'Say what would be allowed at a path, and which rule decides'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l deny -d 'Refuse what stands below it; may be given several times' -r -F
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l read-write -d 'Let files be written, renamed and deleted in it too'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l shareable -d 'Let guest collections be made of it'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l local-only -d 'Let its content move inside the local network only: never through a relay or to anywhere else'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -s y -l yes -d 'Share even your whole home, a whole disk or a hidden directory'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand folders; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -f -a "show" -d 'Show the limits and the timetable'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -f -a "set" -d 'Set limits, for always or for times of the week'
complete -c outport -n "__fish_outport_using_subcommand limits; and not __fish_seen_subcommand_from show set clear" -f -a "clear" -d 'Remove limits: all, or a row of the timetable'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l upload -d 'For content that leaves: 20 MB/s, 8 Mbit/s, unlimited' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l download -d 'For content that comes' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l relay -d 'For content through a relay or the hub\'s HTTPS port, each way, at all times' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l from -d 'When it begins, by this computer\'s clock: 08:30' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l to -d 'When it ends; on the next day, if that is not after its beginning' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l days -d 'The days on which it begins: mon-fri, sat,sun; every day unless given' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -l row -d 'Only this row of the timetable, by its number' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand limits; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -f -a "show" -d 'Show what is set and what is used'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -f -a "set" -d 'Set the proxy; in force at once'
complete -c outport -n "__fish_outport_using_subcommand proxy; and not __fish_seen_subcommand_from show set clear" -f -a "clear" -d 'Go back to what environment and operating system say, and forget user and password'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l user -d 'The user that the proxy wants to hear of' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l password-file -d 'Read the password from the first line of a file; `-` is standard input' -r -F
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l keyring -d 'Keep the password in the keyring of the system; unless given, it is where this computer\'s key is'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand proxy; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l listen -d 'The address and UDP port for transfers, such as `0.0.0.0:7441` or `[::]:7441`; any free port unless given here or in the config' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l advertise -d 'An address at which other computers reach this one from outside, such as 203.0.113.7:7441; for several give it several times. In the place of those in the config' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -f -a "install" -d 'Let the agent start whenever you sign in to this computer, and start it now'
complete -c outport -n "__fish_outport_using_subcommand agent; and not __fish_seen_subcommand_from install uninstall" -f -a "uninstall" -d 'Let the agent no longer start by itself, and end it'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand status" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand status" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand status" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand status" -s w -l watch -d 'Go on showing it whenever it changes, until Ctrl-C; with --json, one document a line'
complete -c outport -n "__fish_outport_using_subcommand status" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand status" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand status" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand pause" -l for -d 'Resume without being told after this time: 30m, 2h, 1d' -r
complete -c outport -n "__fish_outport_using_subcommand pause" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand pause" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand pause" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand pause" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand pause" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand pause" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand resume" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand resume" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand resume" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand resume" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand resume" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand resume" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand stop" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand stop" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand stop" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand stop" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand stop" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand stop" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand log" -s n -l lines -d 'How many of the last lines to show' -r
complete -c outport -n "__fish_outport_using_subcommand log" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand log" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand log" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand log" -s f -l follow -d 'Go on with what comes, until Ctrl-C'
complete -c outport -n "__fish_outport_using_subcommand log" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand log" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand log" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand doctor" -l peer -d 'See by which ways files would go to another computer of yours, and how fast: its name or id' -r
complete -c outport -n "__fish_outport_using_subcommand doctor" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand doctor" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand doctor" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand doctor" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand doctor" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand doctor" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -f -a "list" -d 'List your endpoints'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -f -a "search" -d 'Find endpoints, also of others, by words of their names, descriptions and owners'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -f -a "show" -d 'Show all about one endpoint'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -f -a "rename" -d 'Give one of your endpoints another name'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and not __fish_seen_subcommand_from list search show rename delete" -f -a "delete" -d 'Remove one of your endpoints from the hub; files stay'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -l limit -d 'How many to show at most' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand endpoints; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand ls" -l orderby -d 'Sort: name, size, last_modified, type; with ` DESC` the other way round' -r
complete -c outport -n "__fish_outport_using_subcommand ls" -l filter -d 'Only what passes: name:~*.txt, type:dir, size:1000,, last_modified:2026-01-01,' -r
complete -c outport -n "__fish_outport_using_subcommand ls" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand ls" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand ls" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand ls" -s l -l long -d 'Show permissions, owner, size and date too'
complete -c outport -n "__fish_outport_using_subcommand ls" -s a -l all -d 'Show names that start with a dot too'
complete -c outport -n "__fish_outport_using_subcommand ls" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand ls" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand ls" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand stat" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand stat" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand stat" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand stat" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand stat" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand stat" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand stat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand mkdir" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand mkdir" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand mkdir" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand mkdir" -s p -l parents -d 'Make missing parents too, and let it be when it exists'
complete -c outport -n "__fish_outport_using_subcommand mkdir" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand mkdir" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand mkdir" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand mkdir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand rename" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand rename" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand rename" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand rename" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand rename" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand rename" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l label -d 'A name for the task' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -s s -l sync-level -d 'Leave a file alone that exists, has the same size, is not older, or has the same content' -r -f -a "exists\t''
size\t''
mtime\t''
checksum\t''"
complete -c outport -n "__fish_outport_using_subcommand transfer" -l conflict -d 'What becomes of a file whose place is taken by another one' -r -f -a "overwrite\t'It takes the place'
skip\t'It is not copied'
newer\t'It takes the place if it is newer'
rename\t'It gets a free name beside it, as in `data (2).csv`'"
complete -c outport -n "__fish_outport_using_subcommand transfer" -l names -d 'What becomes of a name that cannot be at the destination, or is another one there' -r -f -a "fail\t'What has it is not copied, and the task fails'
rename\t'What has it gets another name, the same in every later transfer'"
complete -c outport -n "__fish_outport_using_subcommand transfer" -l symlinks -d 'What becomes of symbolic links: left out, made there too, or what they lead to copied' -r -f -a "skip\t''
keep\t''
follow\t''"
complete -c outport -n "__fish_outport_using_subcommand transfer" -l include -d 'Take files with such names; of all --include and --exclude the first that fits decides, and what none fits is taken. PATTERN/ is for directories' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l exclude -d 'Leave out files with such names, or with PATTERN/ directories and all that they hold' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l limit -d 'Move no more than this: 20 MB/s, 8 Mbit/s. The smallest of this and of the limits of both computers is in force' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l deadline -d 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l batch -d 'Read pairs of paths from a file (`-` is standard input): one `source destination` a line, quoted like in a shell, relative to the two places. A line may begin with --recursive, --external-checksum and --checksum-algorithm for itself' -r -F
complete -c outport -n "__fish_outport_using_subcommand transfer" -l external-checksum -d 'What the file must be, by a checksum from elsewhere: it is put in place only if it agrees' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l checksum-algorithm -d 'How that was computed: MD5, SHA1, SHA256 or SHA512; its length tells, too' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l submission-id -d 'Submit under this id: the same id again is the same task' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand transfer" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand transfer" -s r -l recursive -d 'The source must be a directory; found out otherwise'
complete -c outport -n "__fish_outport_using_subcommand transfer" -s w -l wait -d 'Wait until the task is over, with its progress'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l no-verify -d 'Do not read the files back at the destination'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l preserve-times -d 'Keep the modification times of files and directories'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l preserve-permissions -d 'Keep the permission bits of files and directories as they are'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l xattrs -d 'Keep the extended attributes of files'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l hard-links -d 'Make names that are one file at the source one file at the destination'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l delete-extra -l delete -d 'Delete at the destination what is not at the source, when all else is done'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l keep-deleted -d 'Move what would be deleted to a dated folder in .outport-trash at the destination'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l allow-empty-source -d 'Delete at the destination even if the directory at the source is empty'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l skip-errors -d 'Leave out what cannot be read, instead of failing'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l fail-on-quota -d 'Fail when the destination is full, instead of waiting for room'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l background -d 'Give way to other programs of both computers, and to what else is on the line between them'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l preview -d 'List what would be made (+), replaced (~) and deleted or moved away (-), and do nothing of it'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l dry-run -d 'Show what would be asked of the hub, and ask nothing'
complete -c outport -n "__fish_outport_using_subcommand transfer" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand transfer" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand transfer" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand transfer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand check" -s b -l by -d 'What is compared: names, sizes, sizes and times, or contents' -r -f -a "exists\t''
size\t''
mtime\t''
checksum\t''"
complete -c outport -n "__fish_outport_using_subcommand check" -l symlinks -d 'What becomes of symbolic links at the source: left out, compared, or what they lead to compared' -r -f -a "skip\t''
keep\t''
follow\t''"
complete -c outport -n "__fish_outport_using_subcommand check" -l include -d 'Take files with such names; of all --include and --exclude the first that fits decides, and what none fits is taken. PATTERN/ is for directories' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l exclude -d 'Leave out files with such names, or with PATTERN/ directories and all that they hold' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l label -d 'A name for the task' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l deadline -d 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand check" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand check" -l skip-errors -d 'Leave out what cannot be read at the source, instead of failing'
complete -c outport -n "__fish_outport_using_subcommand check" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand check" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand check" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand delete" -l label -d 'A name for the task' -r
complete -c outport -n "__fish_outport_using_subcommand delete" -l deadline -d 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d' -r
complete -c outport -n "__fish_outport_using_subcommand delete" -l submission-id -d 'Submit under this id: the same id again is the same task' -r
complete -c outport -n "__fish_outport_using_subcommand delete" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand delete" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand delete" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand delete" -s r -l recursive -d 'Delete directories with all that they hold'
complete -c outport -n "__fish_outport_using_subcommand delete" -l ignore-missing -d 'Do not mind what is not there'
complete -c outport -n "__fish_outport_using_subcommand delete" -l globs -d 'Take `*`, `?` and `[]` in the last part of a path as patterns'
complete -c outport -n "__fish_outport_using_subcommand delete" -s w -l wait -d 'Wait until the task is over'
complete -c outport -n "__fish_outport_using_subcommand delete" -s y -l yes -d 'Do not ask'
complete -c outport -n "__fish_outport_using_subcommand delete" -l dry-run -d 'Show what would be asked of the hub, and ask nothing'
complete -c outport -n "__fish_outport_using_subcommand delete" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand delete" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand delete" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "list" -d 'List your tasks, the newest first'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "show" -d 'Show all about one task'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "wait" -d 'Follow a task until it is over'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "cancel" -d 'End a task; what is done stays'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "events" -d 'List what happened to a task, the oldest first'
complete -c outport -n "__fish_outport_using_subcommand tasks; and not __fish_seen_subcommand_from list show wait cancel events update" -f -a "update" -d 'Change a task\'s label or deadline'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l status -d 'Only those in this state' -r -f -a "active\t''
succeeded\t''
failed\t''"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l label -d 'Only those whose label matches this pattern' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -s n -l limit -d 'How many to show at most' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l files -d 'List the files that were transferred, with their digests'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l skipped -d 'List what was left out, and why'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l differences -d 'List what a preview or a check found'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -l timeout -d 'Stop waiting after this time, like 30m; the task goes on' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -s n -l limit -d 'How many to show at most: the latest' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -l errors -d 'Only what went wrong'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l label -d 'The new label; empty removes it' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l deadline -d 'The new deadline: 2026-01-31 12:00, or a duration like 2d' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand tasks; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand completions" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand completions" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand completions" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand completions" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand completions" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand completions" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c outport -n "__fish_outport_using_subcommand generate" -l profile -d 'The endpoint of this computer that is meant, when it has several' -r
complete -c outport -n "__fish_outport_using_subcommand generate" -l hub -d 'The hub that is meant; the one that you are signed in at, unless given' -r
complete -c outport -n "__fish_outport_using_subcommand generate" -l color -d 'When to use colours; NO_COLOR is respected' -r -f -a "auto\t'On terminals'
always\t'Everywhere'
never\t'Nowhere'"
complete -c outport -n "__fish_outport_using_subcommand generate" -l json -d 'Print facts as JSON, and errors too'
complete -c outport -n "__fish_outport_using_subcommand generate" -s q -l quiet -d 'Leave out notes and progress'
complete -c outport -n "__fish_outport_using_subcommand generate" -s v -l verbose -d 'Say what lies behind an error'
complete -c outport -n "__fish_outport_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
