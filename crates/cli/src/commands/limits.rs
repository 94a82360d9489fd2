//! `outport limits`

use clap::{ArgGroup, Subcommand};
use outport_control::{Days, LimitRow, Limits, TimeOfDay};
use outport_types::{RateLimit, RateLimitError};

use crate::{
    context::Context,
    failure::Failure,
    printer::{Align, Paint, Printer, Table},
};

/// Say how fast content may leave and come to this computer; alone, it shows what is set
///
/// Limits are for all transfers together, and in force at once. Copies inside this computer are not
/// limited, and a single transfer can have a limit of its own: see outport transfer --limit.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Show the limits and the timetable
    Show,
    /// Set limits, for always or for times of the week
    ///
    /// With --from and --to it is a row of the timetable, which holds instead of the other limits; the
    /// same days and times again change that row. The first row that has a moment decides.
    Set(Set),
    /// Remove limits: all, or a row of the timetable
    Clear {
        /// Only this row of the timetable, by its number
        #[arg(long, value_name = "NUMBER")]
        row: Option<usize>,
    },
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("limit").args(["upload", "download", "relay"]).multiple(true).required(true))]
struct Set {
    /// For content that leaves: 20 MB/s, 8 Mbit/s, unlimited
    #[arg(long, value_name = "RATE", value_parser = rate)]
    upload: Option<Wish>,
    /// For content that comes
    #[arg(long, value_name = "RATE", value_parser = rate)]
    download: Option<Wish>,
    /// For content through a relay or the hub's HTTPS port, each way, at all times
    #[arg(long, value_name = "RATE", value_parser = rate, conflicts_with_all = ["from", "to"])]
    relay: Option<Wish>,
    /// When it begins, by this computer's clock: 08:30
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<TimeOfDay>,
    /// When it ends; on the next day, if that is not after its beginning
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<TimeOfDay>,
    /// The days on which it begins: mon-fri, sat,sun; every day unless given
    #[arg(long, value_name = "DAYS", requires = "from")]
    days: Option<Days>,
}

/// A limit that somebody wishes for, or that there is none.
#[derive(Clone, Copy, Debug)]
struct Wish(Option<RateLimit>);

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let mut agent = context.owner().await?;
    let before = agent.limits().await?;
    let limits = match args.act.unwrap_or(Act::Show) {
        Act::Show => before,
        Act::Set(set) => agent.save_limits(set.change(before)).await?,
        Act::Clear { row: None } => agent.save_limits(Limits::default()).await?,
        Act::Clear { row: Some(number) } => {
            let mut limits = before;
            let index = number.checked_sub(1).filter(|index| *index < limits.timetable.len());
            let Some(index) = index else {
                let rows = limits.timetable.len();
                let message = format!("the timetable has no row {number}, it has {rows}");
                return Err(Failure::usage(message));
            };
            limits.timetable.remove(index);
            agent.save_limits(limits).await?
        }
    };
    context.printer.fact(&limits, |printer| show(printer, &limits));
    Ok(())
}

impl Set {
    fn change(self, mut limits: Limits) -> Limits {
        let Self { upload, download, relay, from, to, days } = self;
        let (Some(from), Some(to)) = (from, to) else {
            limits.upload = upload.map_or(limits.upload, |wish| wish.0);
            limits.download = download.map_or(limits.download, |wish| wish.0);
            limits.relay = relay.map_or(limits.relay, |wish| wish.0);
            return limits;
        };
        let days = days.unwrap_or_else(Days::all);
        let same = |row: &&mut LimitRow| row.days == days && row.from == from && row.to == to;
        if let Some(row) = limits.timetable.iter_mut().find(same) {
            row.upload = upload.map_or(row.upload, |wish| wish.0);
            row.download = download.map_or(row.download, |wish| wish.0);
        } else {
            limits.timetable.push(LimitRow {
                days,
                from,
                to,
                upload: upload.and_then(|wish| wish.0),
                download: download.and_then(|wish| wish.0),
            });
        }
        limits
    }
}

fn rate(text: &str) -> Result<Wish, RateLimitError> {
    match text.trim() {
        "unlimited" => Ok(Wish(None)),
        text => text.parse().map(Some).map(Wish),
    }
}

fn show(printer: &Printer, limits: &Limits) {
    if limits.is_empty() {
        printer.note("Nothing is limited. `outport limits set --upload 20MB/s` sets a limit.");
        return;
    }
    let mut table = Table::pairs();
    table.pair("upload", word(limits.upload));
    table.pair("download", word(limits.download));
    table.pair("relay", word(limits.relay));
    printer.table(&table);
    if limits.timetable.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        ("ROW", Align::Right),
        ("DAYS", Align::Left),
        ("TIME", Align::Left),
        ("UPLOAD", Align::Left),
        ("DOWNLOAD", Align::Left),
    ]);
    for (row, number) in limits.timetable.iter().zip(1..) {
        let time = format!("{}-{}", row.from, row.to);
        table.row([
            crate::printer::Text::new().add(Paint::Dim, format!("{number}")),
            row.days.to_string().into(),
            time.into(),
            word(row.upload).into(),
            word(row.download).into(),
        ]);
    }
    printer.table(&table);
}

/// A limit in a word.
pub(super) fn word(limit: Option<RateLimit>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::printer::Captured;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        set: Set,
    }

    fn set(limits: Limits, line: &str) -> Limits {
        let words = std::iter::once("set").chain(line.split(' '));
        Line::try_parse_from(words).unwrap().set.change(limits)
    }

    #[test]
    fn what_is_not_named_stays_and_a_row_is_known_by_its_times() {
        let limits = set(Limits::default(), "--upload 20MB/s");
        let limits = set(limits, "--download 8Mbit/s");
        let limits = set(limits, "--relay 500kB/s");
        let limits =
            set(limits, "--from 08:00 --to 18:00 --days mon-fri --upload 2MB/s --download 4MB/s");
        let limits = set(limits, "--from 22:00 --to 06:00 --upload unlimited");
        let limits = set(limits, "--from 08:00 --to 18:00 --days mon-fri --download unlimited");
        let screen = Captured::text();
        show(&screen.printer(), &limits);
        insta::assert_snapshot!(screen.out(), @"
        upload    20 MB/s
        download  1 MB/s
        relay     500 kB/s
        ROW  DAYS     TIME         UPLOAD     DOWNLOAD
          1  mon-fri  08:00-18:00  2 MB/s     unlimited
          2  mon-sun  22:00-06:00  unlimited  unlimited
        ");
    }

    #[test]
    fn half_a_row_and_what_is_no_rate_are_refused() {
        for line in [
            "set",
            "set --relay 1MB/s --from 08:00 --to 18:00",
            "set --upload fast",
            "set --upload 100",
            "set --upload 1MB/s --from 08:00",
            "set --upload 1MB/s --days mon",
            "set --upload 1MB/s --from 8 --to 9",
        ] {
            assert!(Line::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
