//! What was measured, as a table.

use std::{fmt::Write as _, time::Duration};

use crate::group::Sample;

/// The runs of one program in one case.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
}

/// The table of a case: medians, their range, and how each compares with Outport.
pub(crate) fn table(rows: &[Row], bytes: u64) -> String {
    let ours = rows.iter().find(|row| row.name == OURS).map(|row| row.median(|run| run.wall));
    let mut text = String::from(
        "| program | seconds | from..to | MB/s | CPU seconds a GiB | largest process | Outport is faster by |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut rows: Vec<&Row> = rows.iter().filter(|row| !row.samples.is_empty()).collect();
    rows.sort_by_key(|row| row.median(|run| run.wall));
    for row in rows {
        let wall = row.median(|run| run.wall);
        let (least, most) = row.range();
        let per_gib = row.median(|run| run.cpu).as_secs_f64() / (bytes as f64 / GIB);
        let memory = row.samples.iter().map(|run| run.peak_bytes).max().unwrap_or(0) / MIB;
        let ratio = ours.filter(|_| row.name != OURS).map_or(String::new(), |ours| {
            format!("{:.2}", wall.as_secs_f64() / ours.as_secs_f64())
        });
        let rate = bytes as f64 / 1e6 / wall.as_secs_f64();
        writeln!(
            text,
            "| {} | {:.2} | {least:.2}..{most:.2} | {rate:.0} | {per_gib:.2} | {memory} MiB | {ratio} |",
            row.name,
            wall.as_secs_f64(),
        )
        .expect("a string takes all");
    }
    text
}

impl Row {
    fn median(&self, of: impl Fn(&Sample) -> Duration) -> Duration {
        let mut all: Vec<Duration> = self.samples.iter().map(of).collect();
        all.sort();
        all[all.len() / 2]
    }

    fn range(&self) -> (f64, f64) {
        let walls = || self.samples.iter().map(|run| run.wall.as_secs_f64());
        (walls().fold(f64::INFINITY, f64::min), walls().fold(0.0, f64::max))
    }
}

pub(crate) const OURS: &str = "Outport";
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
const MIB: u64 = 1024 * 1024;
