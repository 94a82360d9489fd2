//! `outport doctor`

use outport_control::{DoctorReport, Verdict};

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Printer, Text},
};

/// Check what a transfer needs: the way to the hub, its certificate, clock, sign-in, UDP, routers, speed, folders
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    let report = context.owner().await?.doctor().await?;
    context.printer.fact(&report, |printer| {
        verdict(printer, &report);
        printer.line("");
        for check in &report.checks {
            let (paint, mark) = match check.verdict {
                Verdict::Ok => (Paint::Good, "  ok   "),
                Verdict::Warning => (Paint::Warn, "  warn "),
                Verdict::Failed => (Paint::Bad, "  FAIL "),
                Verdict::Skipped => (Paint::Dim, "  -    "),
            };
            let text = Text::new().add(paint, mark).add(Paint::Strong, &check.title);
            printer.line(text.plain(format!(": {}", check.text)));
        }
        printer.line("");
        verdict(printer, &report);
    });
    if report.is_well() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "Something does not work; what to do stands beside it."))
}

/// What counts, before the checks and after them, as they are more than a screen.
fn verdict(printer: &Printer, report: &DoctorReport) {
    let paint = if report.is_well() { Paint::Strong } else { Paint::Bad };
    for fact in &report.summary {
        printer.line(Text::new().add(paint, &fact.message));
    }
}
