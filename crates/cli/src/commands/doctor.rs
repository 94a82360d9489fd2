//! `outport doctor`

use outport_control::Verdict;

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Text},
};

/// Check what a transfer needs: the hub's name, the connection, encryption, clock, sign-in, folders
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    let report = context.owner().await?.doctor().await?;
    context.printer.fact(&report, |printer| {
        for check in &report.checks {
            let (paint, mark) = match check.verdict {
                Verdict::Ok => (Paint::Good, "  ok   "),
                Verdict::Warning => (Paint::Warn, "  warn "),
                Verdict::Failed => (Paint::Bad, "  FAIL "),
                Verdict::Skipped => (Paint::Dim, "  -    "),
            };
            let text = Text::new().add(paint, mark).add(Paint::Strong, &check.title);
            printer.line(if check.text.is_empty() {
                text
            } else {
                text.plain(format!(": {}", check.text))
            });
        }
    });
    if report.is_well() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "Something does not work; what to do stands beside it."))
}
