//! The published run: its figures, its files, the runs before it.

use maud::{Markup, html};

use super::Frame;
use super::address::encode;
use super::frame::page;
use super::words::{size, time};
use crate::model::{Lang, Side, Wording};
use crate::pipeline::{Manifest, SideFacts};
use crate::report::grouped;
use crate::store::{RunRow, RunState};

/// A file of the published run that may be downloaded.
#[derive(Debug, Clone)]
pub struct RunFile<'a> {
    /// Its name in the run's folder.
    pub name: &'a str,
    /// What it is.
    pub what: Wording,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The published run as somebody may see it.
#[derive(Debug, Clone, Copy)]
pub struct RunPage<'a> {
    /// Visible demands and supplies.
    pub n_records: [usize; 2],
    /// The run's manifest, for those who see all records.
    pub manifest: Option<&'a Manifest>,
    /// The runs, latest first; empty for those who do not see them.
    pub runs: &'a [RunRow],
    /// What may be downloaded.
    pub files: &'a [RunFile<'a>],
}

/// The run report.
#[must_use]
pub fn run_page(frame: &Frame<'_>, shown: &RunPage<'_>) -> Markup {
    let [demands, supplies] = shown.n_records.map(|n| grouped(n as u64));
    let body = html! {
        dl class="facts" {
            @if let Some(run) = frame.run { div { dt { (frame.t("运行", "Run")) } dd { (run) } } }
            @if let Some(at) = frame.published_at { div { dt { (frame.t("发布于", "Published")) } dd { (at) } } }
            div {
                dt { (frame.t("数据截至", "Data until")) }
                dd { @match frame.data_until { Some(day) => (day), None => (frame.t("不详", "unknown")) } }
            }
            div { dt { (frame.t("可查的需求", "Demands you can see")) } dd { (demands) } }
            div { dt { (frame.t("可查的供给", "Supplies you can see")) } dd { (supplies) } }
        }
        @if let Some(manifest) = shown.manifest { (figures(frame, manifest)) }
        (files(frame, shown.files))
        (runs(frame, shown.runs))
    };
    page(frame, frame.t("运行报告", "Run report"), &body)
}

/// The manifest's counts in words, in the order in which the work is done.
fn count_label(name: &str, lang: Lang) -> Option<&'static str> {
    Some(match name {
        "candidate_pairs" => lang.pick("候选配对", "candidate pairs"),
        "kept_pairs" => lang.pick("保留的配对", "kept pairs"),
        "allocated_pairs" => lang.pick("发出的配对", "pairs handed out"),
        "demands_recommend" => lang.pick("建议对接的需求", "demands to introduce"),
        "demands_discuss" => lang.pick("可洽谈的需求", "demands to discuss"),
        "demands_no_match" => lang.pick("暂无匹配的需求", "demands without a match"),
        "gaps" => lang.pick("缺口清单", "gap list"),
        "joint_answers" => lang.pick("联合解答", "joint answers"),
        _ => return None,
    })
}

fn figures(frame: &Frame<'_>, manifest: &Manifest) -> Markup {
    let lang = frame.lang;
    let sides = [(Side::Demand, &manifest.demands), (Side::Supply, &manifest.supplies)];
    html! {
        section {
            h2 { (frame.t("结果", "What came out")) }
            div class="scroll" tabindex="0" {
                table class="figures" {
                    caption { (frame.t("这次运行的数字", "Figures of this run")) }
                    tbody {
                        @for (name, count) in &manifest.counts {
                            @if let Some(label) = count_label(name, lang) {
                                tr { th scope="row" { (label) } td class="n" { (grouped(*count)) } }
                            }
                        }
                    }
                }
            }
            h2 { (frame.t("输入", "What went in")) }
            div class="scroll" tabindex="0" {
                table class="figures" {
                    caption { (frame.t("每一行的去向：读入 = 记录 + 合并 + 跳过 + 退回", "Every row: read = records + merged + skipped + rejected")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("清单", "List")) }
                            @for heading in conservation(lang) { th scope="col" class="n" { (heading) } }
                        }
                    }
                    tbody {
                        @for (side, facts) in sides { (side_row(side.label(lang), facts)) }
                    }
                }
            }
            h2 { (frame.t("怎样算的", "How it was computed")) }
            dl class="facts" {
                div { dt { (frame.t("程序", "Program")) } dd { "duijie " (manifest.version) } }
                div { dt { (frame.t("开始于", "Begun")) } dd { (manifest.started_at) } }
                div { dt { (frame.t("参考日期", "As of")) } dd { (manifest.as_of) } }
                div { dt { (frame.t("向量模型", "Model")) } dd { (manifest.embedder) } }
                div { dt { (frame.t("计算设备", "Device")) } dd { (manifest.backend.adapter) } }
                div {
                    dt { (frame.t("用时", "Time")) }
                    dd { (format!("{:.1} s", manifest.timings.values().sum::<f64>())) }
                }
            }
        }
    }
}

/// Headings of the columns in which every row of a list is accounted for.
pub(super) const fn conservation(lang: Lang) -> [&'static str; 5] {
    [
        lang.pick("读入行", "rows read"),
        lang.pick("记录", "records"),
        lang.pick("合并", "merged"),
        lang.pick("跳过", "skipped"),
        lang.pick("退回", "rejected"),
    ]
}

fn side_row(label: &str, facts: &SideFacts) -> Markup {
    let counts = [facts.rows_in, facts.records, facts.merged, facts.skipped, facts.rejected];
    html! {
        tr {
            th scope="row" { (label) }
            @for count in counts { td class="n" { (grouped(count as u64)) } }
        }
    }
}

fn files(frame: &Frame<'_>, files: &[RunFile<'_>]) -> Markup {
    html! {
        section {
            h2 { (frame.t("下载", "Downloads")) }
            @if files.is_empty() {
                p class="soft" { (frame.t("没有你可以下载的文件；整份清单由办公室下载。", "There is no file for you to download; whole lists are for the office.")) }
            } @else {
                ul {
                    @for file in files {
                        li {
                            a href=(format!("/run/files/{}", encode(file.name))) { (file.what.get(frame.lang)) }
                            span class="soft" { " · " (file.name) " · " (size(file.bytes)) }
                        }
                    }
                }
            }
        }
    }
}

fn runs(frame: &Frame<'_>, runs: &[RunRow]) -> Markup {
    html! {
        @if !runs.is_empty() {
            section {
                h2 { (frame.t("历次运行", "Runs")) }
                div class="scroll" tabindex="0" {
                    table {
                        caption { (frame.t("最近的在前", "Latest first")) }
                        thead {
                            tr {
                                th scope="col" { (frame.t("运行", "Run")) }
                                th scope="col" { (frame.t("状态", "State")) }
                                th scope="col" { (frame.t("开始", "Begun")) }
                                th scope="col" { (frame.t("结束", "Ended")) }
                            }
                        }
                        tbody {
                            @for run in runs {
                                tr {
                                    th scope="row" { (run.folder) }
                                    td {
                                        (state_label(run.state, frame.lang))
                                        @if let Some(failure) = &run.failure { br; span class="soft" { (failure) } }
                                    }
                                    td class="day" { (time(run.started_at)) }
                                    td { @match run.finished_at { Some(at) => (time(at)), None => "–" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn state_label(state: RunState, lang: Lang) -> &'static str {
    match state {
        RunState::Open => lang.pick("进行中", "under way"),
        RunState::Published => lang.pick("已发布", "published"),
        RunState::Failed => lang.pick("失败", "failed"),
        RunState::Abandoned => lang.pick("中断", "abandoned"),
    }
}
