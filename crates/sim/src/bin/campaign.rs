//! Runs many seeds and prints those that fail: `campaign [--seeds N] [--from N] [--mutation NAME]`,
//! or tells one of them step by step: `campaign --tell SEED`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Instant,
};

use outport_sim::{Mutation, run, tell};

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            let usage = "usage: campaign [--seeds N] [--from N] [--mutation NAME] [--tell SEED]";
            return finish(writeln!(out, "{what}\n{usage}"), ExitCode::from(2));
        }
    };
    if let Some(seed) = options.tell {
        let (result, diary) = tell(seed, options.mutation);
        let written = writeln!(out, "{}\n{result:?}", diary.join("\n"));
        return finish(written, ExitCode::from(u8::from(result.is_err())));
    }
    std::panic::set_hook(Box::new(|_| {})); // a panic is told as what is wrong with its seed
    let (start, mut failed, mut succeeded) = (Instant::now(), 0_u64, 0_u64);
    let mut steps = 0;
    for (index, seed) in (options.from..options.from.saturating_add(options.seeds)).enumerate() {
        match run(seed, options.mutation) {
            Ok(ran) => {
                succeeded += u64::from(ran.succeeded);
                steps += ran.steps;
            }
            Err(wrong) => {
                failed += 1;
                if writeln!(out, "seed {seed}: {wrong}").is_err() {
                    return ExitCode::FAILURE;
                }
            }
        }
        let done = index as u64 + 1;
        if done.is_multiple_of(PROGRESS) || done == options.seeds {
            let took = start.elapsed().as_secs_f32();
            let line = writeln!(
                out,
                "{done} seeds in {took:.1} s: {failed} failed, {succeeded} tasks succeeded, {steps} steps"
            );
            if line.is_err() {
                return ExitCode::FAILURE;
            }
        }
    }
    finish(out.flush(), if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Options {
    seeds: u64,
    from: u64,
    mutation: Option<Mutation>,
    tell: Option<u64>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seeds: 2_000, from: 0, mutation: None, tell: None };
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("`{value}` is no number"));
            match word.as_str() {
                "--seeds" => options.seeds = number()?,
                "--from" => options.from = number()?,
                "--tell" => options.tell = Some(number()?),
                "--mutation" => {
                    let named = |mutation: &&Mutation| format!("{mutation:?}") == value;
                    let mutation = Mutation::ALL.iter().find(named).copied();
                    options.mutation = Some(mutation.ok_or(format!("no mutation `{value}`"))?);
                }
                _ => return Err(format!("`{word}` is not known")),
            }
        }
        Ok(options)
    }
}

fn finish(written: io::Result<()>, code: ExitCode) -> ExitCode {
    if written.is_ok() { code } else { ExitCode::FAILURE }
}

/// How often progress is printed.
const PROGRESS: u64 = 1_000;
