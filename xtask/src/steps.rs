//! A run of named steps, each with its time, and the table at the end.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::skips;

/// How a step went that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    /// It cannot run here, for this reason.
    Skipped(String),
}

/// The steps so far.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Row>);

#[derive(Debug)]
struct Row {
    name: &'static str,
    took: Duration,
    verdict: Verdict,
}

#[derive(Debug)]
enum Verdict {
    Passed,
    Skipped(String),
    Failed(anyhow::Error),
}

impl Steps {
    /// Runs one step. A failed step does not stop the run: one run tells all that is wrong.
    pub(crate) fn step(&mut self, name: &'static str, body: impl FnOnce() -> Result<Outcome>) {
        println!("\n=== {name}");
        let start = Instant::now();
        let verdict = match body() {
            Ok(Outcome::Passed) => Verdict::Passed,
            Ok(Outcome::Skipped(reason)) if skips::are_failures() => {
                Verdict::Failed(anyhow::anyhow!("must not be skipped here: {reason}"))
            }
            Ok(Outcome::Skipped(reason)) => Verdict::Skipped(reason),
            Err(err) => Verdict::Failed(err),
        };
        let row = Row { name, took: start.elapsed(), verdict };
        println!("=== {row}");
        self.0.push(row);
    }

    /// Prints the table.
    ///
    /// # Errors
    /// When a step failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{:<18} {:>8}", "step", "seconds");
        for row in &self.0 {
            println!("{row}");
        }
        let total: Duration = self.0.iter().map(|row| row.took).sum();
        println!("{:<18} {:>8.1}", "all", total.as_secs_f32());
        let failed: Vec<_> = self
            .0
            .iter()
            .filter(|row| matches!(row.verdict, Verdict::Failed(_)))
            .map(|row| row.name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18} {:>8.1}  ", self.name, self.took.as_secs_f32())?;
        match &self.verdict {
            Verdict::Passed => f.write_str("ok"),
            Verdict::Skipped(reason) => write!(f, "skipped: {reason}"),
            Verdict::Failed(err) => write!(f, "FAILED: {err:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_run_but_does_not_stop_it() {
        let mut steps = Steps::default();
        let mut ran = 0;
        steps.step("breaks", || bail!("no"));
        steps.step("goes on", || {
            ran += 1;
            Ok(Outcome::Passed)
        });
        assert_eq!(ran, 1);
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: breaks");
    }
}
