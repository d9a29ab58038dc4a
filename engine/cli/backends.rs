//! `duijie backends`: the machines that can compute here.

use std::io::Write;

use serde_json::json;

use super::arguments::BackendsArguments;
use super::outcome::Failure;
use super::{CommandResult, table};
use crate::gpu;
use crate::kernel::{Backend, BackendChoice, BackendKind, CpuBackend};
use crate::model::{Diagnosis, Lang};
use crate::pipeline::{BackendCheck, Checked, check_backends, choose_backend};

pub(super) fn run(arguments: &BackendsArguments, lang: Lang) -> CommandResult {
    if arguments.check {
        return check(arguments.json, lang);
    }
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

/// Checks everything that can compute here; what is wrong makes the command fail.
fn check(as_json: bool, lang: Lang) -> CommandResult {
    let checks = check_backends();
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "checks": checks }))?;
    } else {
        write!(out, "{}", table::lines_up(&lines(&checks, lang)))?;
    }
    let right = checks.iter().all(BackendCheck::right);
    if right { Ok(()) } else { Err(Failure::Told) }
}

fn lines(checks: &[BackendCheck], lang: Lang) -> Vec<Vec<String>> {
    let head = match lang {
        Lang::Zh => ["设备", "算法", "计算", "数据", "结果", "毫秒", "GFLOP/s", "复算比例"],
        Lang::En => ["machine", "rung", "kernel", "rows", "result", "ms", "GFLOP/s", "rescored"],
    };
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for check in checks {
        let name =
            |kernel: &str| vec![check.info.adapter.clone(), check.rung.clone(), kernel.to_owned()];
        if let Some(why) = &check.left_out {
            let mut line = name("top_k");
            line.push(format!("{}{why}", lang.pick("未用：", "left out: ")));
            lines.push(line);
        }
        let top_k = check.top_k.iter().map(|checked| ("top_k", checked));
        let pairs = check.score_pairs.iter().map(|checked| ("score_pairs", checked));
        let best = check.max_sim.iter().map(|checked| ("max_sim", checked));
        for (kernel, checked) in top_k.chain(pairs).chain(best) {
            let mut line = name(kernel);
            line.extend(figures(checked, lang));
            lines.push(line);
        }
    }
    lines
}

fn figures(checked: &Checked, lang: Lang) -> [String; 5] {
    let rows = match (lang, checked.rows) {
        (Lang::Zh, "random") => "随机",
        (Lang::Zh, "clustered") => "成簇",
        (_, rows) => rows,
    };
    let result = match (checked.right, checked.same_bits) {
        (false, _) => lang.pick("错误", "WRONG"),
        (true, true) => lang.pick("逐位相同", "same bits"),
        (true, false) => lang.pick("舍入以内", "within rounding"),
    };
    [
        rows.to_owned(),
        result.to_owned(),
        format!("{:.1}", checked.seconds * 1e3),
        format!("{:.1}", checked.gflops),
        checked.rescored.map_or_else(String::new, |share| format!("{:.2} %", share * 100.0)),
    ]
}
