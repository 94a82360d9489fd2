
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'outport' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'outport'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'outport' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('hub', 'hub', [CompletionResultType]::ParameterValue, 'Run a hub, or look after its accounts')
            [CompletionResult]::new('relay', 'relay', [CompletionResultType]::ParameterValue, 'Run a relay for a hub that is on another computer')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in at a hub')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out: forget the sign-in here, and end it at the hub')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who is signed in, and at which hub')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Make this computer an endpoint')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Look after the key that this computer is known by')
            [CompletionResult]::new('folders', 'folders', [CompletionResultType]::ParameterValue, 'Say what others may reach of this computer; alone, it lists the folders')
            [CompletionResult]::new('limits', 'limits', [CompletionResultType]::ParameterValue, 'Say how fast content may leave and come to this computer; alone, it shows what is set')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Say which proxy is on the way to the hub; alone, it shows what is set and used')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Run the agent: make this computer reachable, until Ctrl-C or `outport stop`')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what the agent of this computer is doing')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop all transfers of this computer within a second, until resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on after a pause')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the agent of this computer; transfers go on when it is started again')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the agent''s log')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check what a transfer needs: the way to the hub, its certificate, clock, sign-in, UDP, routers, speed, folders')
            [CompletionResult]::new('endpoints', 'endpoints', [CompletionResultType]::ParameterValue, 'List, find, rename and delete endpoints; alone, it lists yours')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List a directory of a collection')
            [CompletionResult]::new('stat', 'stat', [CompletionResultType]::ParameterValue, 'Show what stands at a path of a collection')
            [CompletionResult]::new('mkdir', 'mkdir', [CompletionResultType]::ParameterValue, 'Make a directory in a collection')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Rename a file or directory of a collection')
            [CompletionResult]::new('transfer', 'transfer', [CompletionResultType]::ParameterValue, 'Copy files from one collection to another')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Compare two trees, in two collections or in one, and move nothing')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete files of a collection')
            [CompletionResult]::new('tasks', 'tasks', [CompletionResultType]::ParameterValue, 'List, show, follow and cancel transfers and deletions; alone, it lists yours')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print what makes a shell complete `outport` commands')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the manual pages or the completions of every shell into a directory')
            break
        }
        'outport;hub' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address and port for HTTP and WebSocket [default: 127.0.0.1:7440]; port 0 lets the system choose')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'The certificate chain for TLS, a PEM file')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The private key for TLS, a PEM file')
            [CompletionResult]::new('--udp-listen', '--udp-listen', [CompletionResultType]::ParameterName, 'The address and UDP port for address discovery; as --listen, unless given')
            [CompletionResult]::new('--public-udp', '--public-udp', [CompletionResultType]::ParameterName, 'How agents reach the UDP port')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'A proxy in front ends TLS')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Add, list and look after people')
            [CompletionResult]::new('app', 'app', [CompletionResultType]::ParameterValue, 'Add, list and remove applications')
            break
        }
        'outport;hub;user' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a person; without a password, print a link by which the person chooses it')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List everybody')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set a person''s password, or print a link by which the person chooses it')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Sign a computer in for a person, by the code that `outport login --no-browser` shows there')
            [CompletionResult]::new('sign-out', 'sign-out', [CompletionResultType]::ParameterValue, 'End every sign-in of a person, in browsers, commands and apps; computers stay endpoints')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Close an account: nobody signs in to it, its tokens end')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Open a closed account again')
            break
        }
        'outport;hub;user;add' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The person''s name; the handle, unless given')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'The person''s address, for notices')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of a file; `-` is standard input')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--admin', '--admin', [CompletionResultType]::ParameterName, 'The person may administer the hub')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;list' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;passwd' {
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of a file; `-` is standard input')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;approve' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;sign-out' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;disable' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;user;enable' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;app' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an application, and print its client id and secret, once')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the applications')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an application: its secret and tokens end at once')
            break
        }
        'outport;hub;app;add' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;app;list' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;hub;app;remove' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The directory of the database and of the keys')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The settings file')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The URL by which browsers and agents reach this hub, if it is not the address above')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;relay' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The file of the key that it shares with the hub; made where there is none')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address and UDP port [default: every address, port 7440]')
            [CompletionResult]::new('--bytes-per-second', '--bytes-per-second', [CompletionResultType]::ParameterName, 'Bytes per second of all sessions together, shared fairly among them')
            [CompletionResult]::new('--session-bytes-per-second', '--session-bytes-per-second', [CompletionResultType]::ParameterName, 'Bytes per second of one session, both directions together')
            [CompletionResult]::new('--user-bytes-per-second', '--user-bytes-per-second', [CompletionResultType]::ParameterName, 'Bytes per second of all sessions of one account')
            [CompletionResult]::new('--user-bytes-per-day', '--user-bytes-per-day', [CompletionResultType]::ParameterName, 'Bytes of all sessions of one account in a day (UTC)')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Show /metrics to whoever reaches this address and TCP port')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;login' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Sign in on another device, by a code')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;logout' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;whoami' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;setup' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Register this computer under your account by this name')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Take over the endpoint of that name from the computer that it was')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Keep the computer''s key in the keyring of the system, instead of a file of yours')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;key' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Keep the key at another place from now on; it stays the same key')
            break
        }
        'outport;key;move' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;folders' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the folders that are shared')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Share a folder, or change how it is shared')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'No longer share a folder; transfers that use it stop within a second')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Say what would be allowed at a path, and which rule decides')
            break
        }
        'outport;folders;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;folders;add' {
            [CompletionResult]::new('--deny', '--deny', [CompletionResultType]::ParameterName, 'Refuse what stands below it; may be given several times')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--read-write', '--read-write', [CompletionResultType]::ParameterName, 'Let files be written, renamed and deleted in it too')
            [CompletionResult]::new('--shareable', '--shareable', [CompletionResultType]::ParameterName, 'Let guest collections be made of it')
            [CompletionResult]::new('--local-only', '--local-only', [CompletionResultType]::ParameterName, 'Let its content move inside the local network only: never through a relay or to anywhere else')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Share even your whole home, a whole disk or a hidden directory')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Share even your whole home, a whole disk or a hidden directory')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;folders;remove' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;folders;test' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;limits' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the limits and the timetable')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set limits, for always or for times of the week')
            [CompletionResult]::new('clear', 'clear', [CompletionResultType]::ParameterValue, 'Remove limits: all, or a row of the timetable')
            break
        }
        'outport;limits;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;limits;set' {
            [CompletionResult]::new('--upload', '--upload', [CompletionResultType]::ParameterName, 'For content that leaves: 20 MB/s, 8 Mbit/s, unlimited')
            [CompletionResult]::new('--download', '--download', [CompletionResultType]::ParameterName, 'For content that comes')
            [CompletionResult]::new('--relay', '--relay', [CompletionResultType]::ParameterName, 'For content through a relay or the hub''s HTTPS port, each way, at all times')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'When it begins, by this computer''s clock: 08:30')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'When it ends; on the next day, if that is not after its beginning')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'The days on which it begins: mon-fri, sat,sun; every day unless given')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;limits;clear' {
            [CompletionResult]::new('--row', '--row', [CompletionResultType]::ParameterName, 'Only this row of the timetable, by its number')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;proxy' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is set and what is used')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set the proxy; in force at once')
            [CompletionResult]::new('clear', 'clear', [CompletionResultType]::ParameterValue, 'Go back to what environment and operating system say, and forget user and password')
            break
        }
        'outport;proxy;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;proxy;set' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user that the proxy wants to hear of')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of a file; `-` is standard input')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Keep the password in the keyring of the system; unless given, it is where this computer''s key is')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;proxy;clear' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;agent' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address and UDP port for transfers, such as `0.0.0.0:7441` or `[::]:7441`; any free port unless given here or in the config')
            [CompletionResult]::new('--advertise', '--advertise', [CompletionResultType]::ParameterName, 'An address at which other computers reach this one from outside, such as 203.0.113.7:7441; for several give it several times. In the place of those in the config')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Let the agent start whenever you sign in to this computer, and start it now')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Let the agent no longer start by itself, and end it')
            break
        }
        'outport;agent;install' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;agent;uninstall' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;status' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Go on showing it whenever it changes, until Ctrl-C; with --json, one document a line')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Go on showing it whenever it changes, until Ctrl-C; with --json, one document a line')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;pause' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Resume without being told after this time: 30m, 2h, 1d')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;resume' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;stop' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many of the last lines to show')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'How many of the last lines to show')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what comes, until Ctrl-C')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what comes, until Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;doctor' {
            [CompletionResult]::new('--peer', '--peer', [CompletionResultType]::ParameterName, 'See by which ways files would go to another computer of yours, and how fast: its name or id')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;endpoints' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List your endpoints')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Find endpoints, also of others, by words of their names, descriptions and owners')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all about one endpoint')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give one of your endpoints another name')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Remove one of your endpoints from the hub; files stay')
            break
        }
        'outport;endpoints;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;endpoints;search' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'How many to show at most')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;endpoints;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;endpoints;rename' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;endpoints;delete' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;ls' {
            [CompletionResult]::new('--orderby', '--orderby', [CompletionResultType]::ParameterName, 'Sort: name, size, last_modified, type; with ` DESC` the other way round')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Only what passes: name:~*.txt, type:dir, size:1000,, last_modified:2026-01-01,')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Show permissions, owner, size and date too')
            [CompletionResult]::new('--long', '--long', [CompletionResultType]::ParameterName, 'Show permissions, owner, size and date too')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Show names that start with a dot too')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show names that start with a dot too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;stat' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;mkdir' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Make missing parents too, and let it be when it exists')
            [CompletionResult]::new('--parents', '--parents', [CompletionResultType]::ParameterName, 'Make missing parents too, and let it be when it exists')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;rename' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;transfer' {
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A name for the task')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Leave a file alone that exists, has the same size, is not older, or has the same content')
            [CompletionResult]::new('--sync-level', '--sync-level', [CompletionResultType]::ParameterName, 'Leave a file alone that exists, has the same size, is not older, or has the same content')
            [CompletionResult]::new('--conflict', '--conflict', [CompletionResultType]::ParameterName, 'What becomes of a file whose place is taken by another one')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'What becomes of a name that cannot be at the destination, or is another one there')
            [CompletionResult]::new('--symlinks', '--symlinks', [CompletionResultType]::ParameterName, 'What becomes of symbolic links: left out, made there too, or what they lead to copied')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Take files with such names; of all --include and --exclude the first that fits decides, and what none fits is taken. PATTERN/ is for directories')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Leave out files with such names, or with PATTERN/ directories and all that they hold')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Move no more than this: 20 MB/s, 8 Mbit/s. The smallest of this and of the limits of both computers is in force')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Read pairs of paths from a file (`-` is standard input): one `source destination` a line, quoted like in a shell, relative to the two places. A line may begin with --recursive, --external-checksum and --checksum-algorithm for itself')
            [CompletionResult]::new('--external-checksum', '--external-checksum', [CompletionResultType]::ParameterName, 'What the file must be, by a checksum from elsewhere: it is put in place only if it agrees')
            [CompletionResult]::new('--checksum-algorithm', '--checksum-algorithm', [CompletionResultType]::ParameterName, 'How that was computed: MD5, SHA1, SHA256 or SHA512; its length tells, too')
            [CompletionResult]::new('--submission-id', '--submission-id', [CompletionResultType]::ParameterName, 'Submit under this id: the same id again is the same task')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The source must be a directory; found out otherwise')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'The source must be a directory; found out otherwise')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Wait until the task is over, with its progress')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the task is over, with its progress')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not read the files back at the destination')
            [CompletionResult]::new('--preserve-times', '--preserve-times', [CompletionResultType]::ParameterName, 'Keep the modification times of files and directories')
            [CompletionResult]::new('--preserve-permissions', '--preserve-permissions', [CompletionResultType]::ParameterName, 'Keep the permission bits of files and directories as they are')
            [CompletionResult]::new('--xattrs', '--xattrs', [CompletionResultType]::ParameterName, 'Keep the extended attributes of files')
            [CompletionResult]::new('--hard-links', '--hard-links', [CompletionResultType]::ParameterName, 'Make names that are one file at the source one file at the destination')
            [CompletionResult]::new('--delete-extra', '--delete-extra', [CompletionResultType]::ParameterName, 'Delete at the destination what is not at the source, when all else is done')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete at the destination what is not at the source, when all else is done')
            [CompletionResult]::new('--keep-deleted', '--keep-deleted', [CompletionResultType]::ParameterName, 'Move what would be deleted to a dated folder in .outport-trash at the destination')
            [CompletionResult]::new('--allow-empty-source', '--allow-empty-source', [CompletionResultType]::ParameterName, 'Delete at the destination even if the directory at the source is empty')
            [CompletionResult]::new('--skip-errors', '--skip-errors', [CompletionResultType]::ParameterName, 'Leave out what cannot be read, instead of failing')
            [CompletionResult]::new('--fail-on-quota', '--fail-on-quota', [CompletionResultType]::ParameterName, 'Fail when the destination is full, instead of waiting for room')
            [CompletionResult]::new('--background', '--background', [CompletionResultType]::ParameterName, 'Give way to other programs of both computers, and to what else is on the line between them')
            [CompletionResult]::new('--preview', '--preview', [CompletionResultType]::ParameterName, 'List what would be made (+), replaced (~) and deleted or moved away (-), and do nothing of it')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be asked of the hub, and ask nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;check' {
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'What is compared: names, sizes, sizes and times, or contents')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What is compared: names, sizes, sizes and times, or contents')
            [CompletionResult]::new('--symlinks', '--symlinks', [CompletionResultType]::ParameterName, 'What becomes of symbolic links at the source: left out, compared, or what they lead to compared')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Take files with such names; of all --include and --exclude the first that fits decides, and what none fits is taken. PATTERN/ is for directories')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Leave out files with such names, or with PATTERN/ directories and all that they hold')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A name for the task')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--skip-errors', '--skip-errors', [CompletionResultType]::ParameterName, 'Leave out what cannot be read at the source, instead of failing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;delete' {
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A name for the task')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Give up at a moment: 2026-01-31 12:00, or a duration like 2d')
            [CompletionResult]::new('--submission-id', '--submission-id', [CompletionResultType]::ParameterName, 'Submit under this id: the same id again is the same task')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Delete directories with all that they hold')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Delete directories with all that they hold')
            [CompletionResult]::new('--ignore-missing', '--ignore-missing', [CompletionResultType]::ParameterName, 'Do not mind what is not there')
            [CompletionResult]::new('--globs', '--globs', [CompletionResultType]::ParameterName, 'Take `*`, `?` and `[]` in the last part of a path as patterns')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Wait until the task is over')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the task is over')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be asked of the hub, and ask nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List your tasks, the newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all about one task')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Follow a task until it is over')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'End a task; what is done stays')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'List what happened to a task, the oldest first')
            [CompletionResult]::new('update', 'update', [CompletionResultType]::ParameterValue, 'Change a task''s label or deadline')
            break
        }
        'outport;tasks;list' {
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those in this state')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only those whose label matches this pattern')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many to show at most')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'How many to show at most')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--files', '--files', [CompletionResultType]::ParameterName, 'List the files that were transferred, with their digests')
            [CompletionResult]::new('--skipped', '--skipped', [CompletionResultType]::ParameterName, 'List what was left out, and why')
            [CompletionResult]::new('--differences', '--differences', [CompletionResultType]::ParameterName, 'List what a preview or a check found')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks;wait' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop waiting after this time, like 30m; the task goes on')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks;cancel' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks;events' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many to show at most: the latest')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'How many to show at most: the latest')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--errors', '--errors', [CompletionResultType]::ParameterName, 'Only what went wrong')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;tasks;update' {
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'The new label; empty removes it')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'The new deadline: 2026-01-31 12:00, or a duration like 2d')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;completions' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'outport;generate' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The endpoint of this computer that is meant, when it has several')
            [CompletionResult]::new('--hub', '--hub', [CompletionResultType]::ParameterName, 'The hub that is meant; the one that you are signed in at, unless given')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours; NO_COLOR is respected')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print facts as JSON, and errors too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Leave out notes and progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what lies behind an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
