//! `outport hub`

mod app;
mod run;
mod user;

use std::{net::SocketAddr, path::PathBuf};

use clap::Subcommand;
use outport_hub::{Admin, AdminError, ConfigError, HubConfig, HubOverrides};
use url::Url;

use crate::{
    context::Context,
    failure::{Exit, Failure, sentence},
};

/// Run a hub, or look after its accounts
///
/// Alone, it runs the hub until it is asked to stop. Settings come from the flags, from environment
/// variables (OUTPORT_HUB_ and the name of a setting in capitals), from a TOML file, and from what
/// suits one computer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Settings")]
struct Settings {
    /// The directory of the database and of the keys
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// The settings file
    #[arg(
        long,
        global = true,
        env = "OUTPORT_HUB_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    config: Option<PathBuf>,
    /// The address and port for HTTP and WebSocket [default: 127.0.0.1:7440]; port 0 lets the
    /// system choose
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The URL by which browsers and agents reach this hub, if it is not the address above
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<Url>,
    /// The certificate chain for TLS, a PEM file
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The private key for TLS, a PEM file
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A proxy in front ends TLS
    #[arg(long)]
    behind_proxy: bool,
    /// The address and UDP port for address discovery; as --listen, unless given
    #[arg(long, value_name = "ADDRESS")]
    udp_listen: Option<SocketAddr>,
    /// How agents reach the UDP port
    #[arg(long, value_name = "HOST:PORT")]
    public_udp: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add, list and look after people
    User(user::Args),
    /// Add, list and remove applications
    App(app::Args),
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let config = args.settings.config()?;
    match args.act {
        None => run::run(config, context).await,
        Some(Act::User(args)) => user::run(args, config, context).await,
        Some(Act::App(args)) => app::run(args, config, context).await,
    }
}

impl Settings {
    fn config(self) -> Result<HubConfig, Failure> {
        let overrides = HubOverrides {
            data: self.data,
            listen: self.listen,
            public_url: self.public_url,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            behind_proxy: self.behind_proxy.then_some(true),
            udp_listen: self.udp_listen,
            public_udp: self.public_udp,
        };
        // Variables that are not text are nobody's settings.
        let vars = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        HubConfig::load(self.config.as_deref(), vars, overrides).map_err(unusable)
    }
}

fn unusable(error: ConfigError) -> Failure {
    Failure::new(Exit::Usage, sentence(&error.to_string())).because(error)
}

/// Opens the data directory for administration, and closes it when `work` is done.
async fn administer<T>(
    config: HubConfig,
    work: impl AsyncFnOnce(&Admin) -> Result<T, AdminError>,
) -> Result<T, Failure> {
    let admin = Admin::open(config).await.map_err(refused)?;
    let outcome = work(&admin).await.map_err(refused);
    admin.close().await;
    outcome
}

fn refused(error: AdminError) -> Failure {
    let is_absent = matches!(&error, AdminError::NoUser { .. } | AdminError::NoApp { .. });
    let exit = if is_absent { Exit::NotFound } else { Exit::Failed };
    Failure::new(exit, sentence(&error.to_string())).because(error)
}
