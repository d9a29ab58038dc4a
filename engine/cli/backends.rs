//! `duijie backends`: the machines that can compute here.

use std::io::Write;

use serde_json::json;

use super::arguments::BackendsArguments;
use super::{CommandResult, table};
use crate::gpu;
use crate::kernel::{Backend, BackendChoice, BackendKind, CpuBackend};
use crate::model::{Diagnosis, Lang};
use crate::pipeline::choose_backend;

pub(super) fn run(arguments: &BackendsArguments, lang: Lang) -> CommandResult {
    let mut found = vec![CpuBackend::new().info()];
    found.extend(gpu::adapters());
    // Opening the CPU backend cannot fail, so `auto` always has an answer.
    let chosen = choose_backend(BackendChoice::Auto).ok();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let auto = chosen.as_ref().map(|(backend, _)| backend.info());
        let note = chosen.as_ref().and_then(|(_, why)| why.as_ref()).map(ToString::to_string);
        writeln!(out, "{}", json!({ "backends": found, "auto": auto, "note": note }))?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|info| {
            let kind = match (info.kind, info.software) {
                (BackendKind::Cpu, _) => "cpu",
                (BackendKind::Gpu, false) => "gpu",
                (BackendKind::Gpu, true) => {
                    lang.pick("gpu（软件模拟，不代表显卡速度）", "gpu (software)")
                }
            };
            vec![kind.to_owned(), info.adapter.clone(), info.driver.clone()]
        })
        .collect();
    write!(out, "{}", table::lines_up(&rows))?;
    if let Some((backend, why)) = chosen {
        let info = backend.info();
        writeln!(out, "--backend auto → {}", info.adapter)?;
        if let Some(why) = why {
            let reason = why.message(lang);
            writeln!(out, "  {}{reason}", lang.pick("未用显卡的原因：", "why no GPU: "))?;
        }
    }
    Ok(())
}
