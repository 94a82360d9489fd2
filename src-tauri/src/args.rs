//! What the program may be started with.

use clap::Parser;
use outport_control::Profile;

/// Share folders of this computer and move files, from the tray and a window
#[derive(Clone, Debug, PartialEq, Eq, Parser)]
#[command(name = "outport-desktop", version, about)]
pub struct Args {
    /// Start in the tray, without a window; used when starting at login
    #[arg(long)]
    pub hidden: bool,
    /// Show invented data; nothing on this computer or elsewhere is touched
    #[arg(long)]
    pub demo: bool,
    /// The profile to use, when this computer has several endpoints
    #[arg(long, value_name = "NAME", default_value = "default", env = "OUTPORT_PROFILE")]
    pub profile: Profile,
    /// A link of the form `outport://…`, to show what it names
    #[arg(value_name = "LINK")]
    pub link: Option<String>,
}

impl Args {
    /// Takes what a second start was called with; only a link says anything then.
    pub(crate) fn link_of(argv: &[String]) -> Option<String> {
        Self::try_parse_from(argv).ok().and_then(|args| args.link)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_second_start_hands_its_link_over_and_nothing_else() {
        let argv = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let link = Args::link_of(&argv("outport-desktop outport://folders"));
        assert_eq!(link.as_deref(), Some("outport://folders"));
        assert_eq!(Args::link_of(&argv("outport-desktop --hidden")), None);
        assert_eq!(Args::link_of(&argv("outport-desktop --no-such-option x")), None);
    }
}
