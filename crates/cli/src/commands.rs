//! The commands, one file each.

mod agent;
mod check;
mod completions;
mod delete;
mod doctor;
mod endpoints;
mod folders;
mod generate;
mod hub;
mod key;
mod limits;
mod log;
pub(crate) mod login;
mod logout;
mod ls;
mod mkdir;
mod pause;
mod proxy;
mod relay;
mod rename;
mod resume;
mod setup;
mod stat;
mod status;
mod stop;
mod tasks;
mod transfer;
mod whoami;

use clap::Subcommand;

use crate::{
    context::Context,
    failure::{Exit, Failure},
};

/// What the command does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Hub(hub::Args),
    Relay(relay::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Setup(setup::Args),
    Key(key::Args),
    Folders(folders::Args),
    Limits(limits::Args),
    Proxy(proxy::Args),
    Agent(agent::Args),
    Status(status::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Stop(stop::Args),
    Log(log::Args),
    Doctor(doctor::Args),
    Endpoints(endpoints::Args),
    Ls(ls::Args),
    Stat(stat::Args),
    Mkdir(mkdir::Args),
    Rename(rename::Args),
    Transfer(transfer::Args),
    Check(check::Args),
    Delete(delete::Args),
    Tasks(tasks::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Generate(generate::Args),
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let done = match command {
        Command::Hub(args) => hub::run(args, context).await,
        Command::Relay(args) => relay::run(args, context).await,
        Command::Login(args) => login::run(args, context).await,
        Command::Logout(args) => logout::run(args, context).await,
        Command::Whoami(args) => whoami::run(args, context).await,
        Command::Setup(args) => setup::run(args, context).await,
        Command::Key(args) => key::run(&args, context).await,
        Command::Folders(args) => folders::run(args, context).await,
        Command::Limits(args) => limits::run(args, context).await,
        Command::Proxy(args) => proxy::run(args, context).await,
        Command::Agent(args) => agent::run(args, context).await,
        Command::Status(args) => status::run(args, context).await,
        Command::Pause(args) => pause::run(args, context).await,
        Command::Resume(args) => resume::run(args, context).await,
        Command::Stop(args) => stop::run(args, context).await,
        Command::Log(args) => log::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Endpoints(args) => endpoints::run(args, context).await,
        Command::Ls(args) => ls::run(args, context).await,
        Command::Stat(args) => stat::run(args, context).await,
        Command::Mkdir(args) => mkdir::run(args, context).await,
        Command::Rename(args) => rename::run(args, context).await,
        Command::Transfer(args) => transfer::run(args, context).await,
        Command::Check(args) => return check::run(args, context).await,
        Command::Delete(args) => delete::run(args, context).await,
        Command::Tasks(args) => tasks::run(args, context).await,
        Command::Completions(args) => {
            completions::run(&args, context);
            Ok(())
        }
        Command::Generate(args) => generate::run(&args, context),
    };
    done.map(|()| Exit::Done)
}
