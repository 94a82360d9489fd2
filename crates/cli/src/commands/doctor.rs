//! `outport doctor`

use outport_control::{DoctorReport, Verdict};

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Printer, Text},
};

/// Check what a transfer needs: the way to the hub, its certificate, clock, sign-in, UDP, routers, speed, folders
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// See by which ways files would go to another computer of yours, and how fast: its name or id
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let mut owner = context.owner().await?;
    let report = match args.peer {
        Some(peer) => owner.doctor_to(peer).await?,
        None => owner.doctor().await?,
    };
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
