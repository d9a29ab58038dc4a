//! The command line in the reader's language: help in both, and usage errors in Chinese too.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::arguments::Arguments;
use crate::model::Lang;

/// The language asked for by `--lang`, before anything else is parsed; Chinese without it.
pub(super) fn wanted_language(arguments: &[OsString]) -> Lang {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = match word {
            "--" => break,
            "--lang" => words.next(),
            _ => word.strip_prefix("--lang="),
        };
        match value {
            Some("en") => return Lang::En,
            Some(_) => return Lang::Zh,
            None => {}
        }
    }
    Lang::Zh
}

/// The whole command in one language.
pub(super) fn command(lang: Lang) -> Command {
    let command = Arguments::command().mut_arg("lang", |arg| arg.value_parser(["zh", "en"]));
    let command = subcommands(headings(command, lang), lang, "");
    if lang == Lang::Zh {
        let usage = chinese_usage(command.clone());
        command.override_usage(usage)
    } else {
        command
            .about("Matches technology demands with supplies in both directions and explains each pair")
            .mut_arg("lang", |arg| arg.help("Language: zh Chinese, en English"))
            .mut_arg("verbose", |arg| arg.help("Write more of the log to stderr (repeat: -vv)"))
    }
}

/// The subcommands of `command`, whose own words are `above` (empty at the top), and theirs.
fn subcommands(mut command: Command, lang: Lang, above: &str) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let words = format!("{above} {name}").trim_start().to_owned();
        command = command.mut_subcommand(&name, |sub| {
            let mut sub = subcommands(headings(sub, lang), lang, &words);
            if lang == Lang::En {
                if let Some(about) = english(&words, "") {
                    sub = sub.about(about);
                }
                if let Some(examples) = sub.get_after_help().map(ToString::to_string) {
                    let mut examples = examples.replacen("示例：", "Examples:", 1);
                    if let Some((shown, _)) = examples.split_once("\n\n") {
                        let notes = english(&words, "notes").unwrap_or_default();
                        examples = format!("{shown}\n\n{notes}");
                    }
                    sub = sub.after_help(examples);
                }
                let ids: Vec<String> =
                    sub.get_arguments().map(|arg| arg.get_id().to_string()).collect();
                for id in ids {
                    if let Some(help) = english(&words, &id) {
                        sub = sub.mut_arg(&id, |arg| arg.help(help));
                    }
                }
            }
            match lang {
                Lang::Zh => {
                    let usage = chinese_usage(sub.clone().bin_name(format!("duijie {words}")));
                    sub.override_usage(usage)
                }
                Lang::En => sub,
            }
        });
    }
    command
}

/// Headings and the words that clap adds by itself.
fn headings(command: Command, lang: Lang) -> Command {
    if lang == Lang::En {
        return command;
    }
    let has_subcommands = command.has_subcommands();
    let template = if has_subcommands {
        "{about-with-newline}\n用法：{usage}\n\n命令：\n{subcommands}\n\n选项：\n{options}{after-help}"
    } else if command.get_positionals().next().is_some() {
        "{about-with-newline}\n用法：{usage}\n\n参数：\n{positionals}\n\n选项：\n{options}{after-help}"
    } else {
        "{about-with-newline}\n用法：{usage}\n\n选项：\n{options}{after-help}"
    };
    let ids: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let command = ids.iter().fold(command, |command, id| command.mut_arg(id, chinese_values));
    let mut command = command.help_template(template).disable_help_flag(true).arg(
        clap::Arg::new("help")
            .short('h')
            .long("help")
            .action(clap::ArgAction::Help)
            .help("显示帮助"),
    );
    if command.get_version().is_some() {
        command = command.disable_version_flag(true).arg(
            clap::Arg::new("version")
                .short('V')
                .long("version")
                .action(clap::ArgAction::Version)
                .help("显示版本"),
        );
    }
    command
}

/// Says an argument's default and choices in its Chinese help instead of clap's English brackets.
fn chinese_values(arg: clap::Arg) -> clap::Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    let default: Vec<String> =
        arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
    let Some(help) = arg.get_help().map(ToString::to_string).filter(|_| !default.is_empty()) else {
        return arg.hide_possible_values(true);
    };
    arg.help(format!("{help}（默认 {}）", default.join("、")))
        .hide_default_value(true)
        .hide_possible_values(true)
}

/// The usage line of a command with clap's own words in Chinese.
fn chinese_usage(mut command: Command) -> String {
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    usage
        .replace("[OPTIONS]", "[选项]")
        .replace("<COMMAND>", "<命令>")
        .replace("[COMMAND]", "[命令]")
}

/// The English text of a command (`id` empty) or of one of its arguments.
fn english(command: &str, id: &str) -> Option<&'static str> {
    ENGLISH.iter().find(|(c, i, _)| (*c == command || *c == "*") && *i == id).map(|entry| entry.2)
}

const ENGLISH: &[(&str, &str, &str)] = &[
    ("match", "", "Match two lists and write the result to a folder"),
    ("match", "dir", "Folder that holds exactly one demands.* and one supplies.*"),
    ("match", "demands", "Demand lists, one or more files (XLSX, XLS, CSV, TSV, JSONL)"),
    ("match", "supplies", "Supply lists, one or more files"),
    ("match", "out", "Result folder; an earlier run in it is replaced whole"),
    ("match", "as_of", "Reference date (YYYY-MM-DD) for expiry and freshness; today by default"),
    ("match", "per_demand", "Most supplies handed out to one demand"),
    ("match", "per_supply", "Most handed-out lists in which one supply stands"),
    (
        "match",
        "allocation",
        "flow: greatest total for both sides (min-cost flow); stable: no pair left out that both prefer",
    ),
    ("match", "quota", "Most entries in a demand's list from one region, or from one field"),
    (
        "match",
        "exposure_cost",
        "With flow: mutual score that every list a supply already stands in takes off a further one (0: none)",
    ),
    ("match", "backend", "auto takes a GPU where there is one; cpu; gpu"),
    ("match", "candidates", "Candidates per record, direction and retriever"),
    ("match", "depth", "Depth of the rankings in both directions (ranking.trec)"),
    ("match", "top", "Pairs per record kept with all their reasons (matches.jsonl, lists.xlsx)"),
    (
        "match",
        "answers",
        "Brokers' answers: a lists.xlsx with the feedback and reason columns filled, or CSV, JSONL",
    ),
    ("match", "answers_until", "Use only answers up to this day (YYYY-MM-DD)"),
    ("match", "max_rejected", "Stop when more than this share of the rows (%) is rejected"),
    ("match", "weights", "Weights file instead of the built-in one"),
    ("match", "calibration", "Calibration file instead of the built-in one"),
    (
        "backtest",
        "",
        "Back-test the growth model on yearly series: would it have foreseen them, and better than simple rules?",
    ),
    (
        "backtest",
        "series",
        "Yearly series (CSV): a row per group and year, or long (province, year, name, value, unit)",
    ),
    ("backtest", "column", "The variable: a heading, or its name in a long table; one kind only"),
    ("backtest", "firms", "Heading or name of the counts of firms; assumed from output without"),
    ("backtest", "group", "Heading of the groups; the usual names are found without"),
    ("backtest", "unit", "Unit of money where the file does not say: 元, 万元, 亿元"),
    ("backtest", "out", "Result folder; an earlier back-test in it is replaced whole"),
    ("backtest", "prior_runs", "Runs from the prior"),
    ("backtest", "draws", "Members of each forecast"),
    ("backtest", "most_firms", "Most firms that are simulated, all groups together"),
    ("backtest", "seed", "Seed of the random numbers"),
    ("backtest", "json", "Write a JSON summary to stdout"),
    ("eval", "synonyms", "Words taken for one another: builtin, none, or a file"),
    ("match", "synonyms", "Words taken for one another: builtin, none, or a file"),
    ("match", "json", "Write a JSON summary to stdout"),
    ("*", "map", "Say which field a column is, e.g. title=NAME; demand: or supply: for one side"),
    ("*", "drop", "Do not read a column; demand: or supply: in front for one side"),
    (
        "init",
        "",
        "Make a workspace: lists, results and settings in one folder, ready to run every night",
    ),
    (
        "import",
        "",
        "Take lists, answers or contacts into the workspace; --check only checks a list and writes nothing",
    ),
    (
        "import",
        "files",
        "Lists to take into the workspace, one or more; a folder stands for its files",
    ),
    (
        "import",
        "check",
        "Only check this file, archive, or folder of files (such as single forms); needs no workspace",
    ),
    (
        "import",
        "answers",
        "Brokers' answers: a lists.xlsx or news.xlsx with the feedback and reason columns filled, or CSV, JSONL",
    ),
    (
        "import",
        "contacts",
        "Contacts of organizations: name or unified social credit code, and person, telephone, email, address",
    ),
    ("import", "list", "Name of the list; that of duijie.toml if not given"),
    ("import", "set", "The set that the list belongs to"),
    ("import", "whole", "The file is the whole list: records that it lacks are withdrawn"),
    ("import", "again", "Take the file in although the same one was taken in before"),
    (
        "import",
        "max_rejected",
        "Refuse the file when more than this share of its rows (%) is rejected; that of duijie.toml if not given",
    ),
    (
        "status",
        "",
        "The workspace now: records, what is published, the last run, whether it is stale",
    ),
    ("nightly", "", "The nightly job: read the inbox, match, publish; made for a scheduler"),
    (
        "nightly",
        "as_of",
        "Reference date (YYYY-MM-DD); today by default, but never before the last published one",
    ),
    (
        "nightly",
        "notes",
        "stdout has one line of JSON; stderr a progress bar on a terminal, else a line of JSON per entry.\n\
         On failure the command of --on-failure learns why from the environment variables DUIJIE_CODE,\n\
         DUIJIE_MESSAGE, DUIJIE_REMEDY and DUIJIE_WORKSPACE.\n\
         Exit codes: 0 published, 1 not published (input or environment; what is published stays),\n\
         2 wrong usage, 255 our fault.",
    ),
    ("nightly", "refresh", "Count the retrieval statistics anew and score everything again"),
    ("nightly", "dry_run", "Only say what would be done; write nothing"),
    ("nightly", "on_failure", "Command to run on failure; that of duijie.toml if not given"),
    (
        "export",
        "",
        "Export records, results or figures of the workspace as XLSX, CSV, JSONL or Parquet",
    ),
    ("export", "out", "File to write; its extension decides: .xlsx, .csv, .jsonl, .parquet"),
    (
        "export",
        "what",
        "What to export: records, pairs (of the published run), or figures (of a period)",
    ),
    (
        "export",
        "from",
        "First day of the figures (YYYY-MM-DD); the first of this half-year by default",
    ),
    ("export", "until", "Last day of the figures (YYYY-MM-DD); today by default"),
    ("export", "side", "Only one side"),
    ("export", "list", "Only this list"),
    ("export", "set", "Only this set of lists"),
    (
        "export",
        "with_contacts",
        "Write contacts and names of owners that are not public as they are; otherwise they are masked, as 138****1234",
    ),
    ("gc", "", "Remove old indexes and runs that are no longer kept ([keep] of duijie.toml)"),
    (
        "verify",
        "",
        "Check the workspace: whether the store is sound and every file of index and run is as published",
    ),
    ("backup", "", "Back the store and the settings up into a new folder"),
    ("backup", "to", "Where the backup goes; a new folder duijie-TIME is made there"),
    ("restore", "", "Bring a backup back; what is there is set aside, not removed"),
    ("restore", "backup", "Folder of the backup"),
    (
        "*",
        "workspace",
        "Folder of the workspace; by default the current one, or the nearest one above it with a duijie.toml",
    ),
    ("import", "out", "Write the rows to send back to 退回修改.xlsx in this folder"),
    ("import", "accept_held", "Take rows held for review (confidence, arms): somebody has looked"),
    ("match", "accept_held", "Take rows held for review (confidence, arms): somebody has looked"),
    ("import", "side", "Which side to read it as; judged by the file name if not given"),
    ("search", "", "Search the result of a run by text"),
    ("search", "text", "Text, number or class symbol to look for"),
    ("search", "side", "Which side to search"),
    ("search", "limit", "Most hits to show"),
    ("search", "synonyms", "Synonyms: builtin, none, or a file; those of the run by default"),
    ("explain", "", "Explain a pair's score: the sum, part by part, with quotes"),
    ("explain", "demand", "Number or id of the demand"),
    ("explain", "supply", "Number or id of the supply"),
    ("backends", "", "List the machines that can compute here"),
    ("template", "", "Write workbooks to fill in"),
    (
        "template cluster",
        "",
        "Workbook for simulate: yearly output, firms, largest firms, measures and targets",
    ),
    ("template cluster", "file", "File to write (XLSX); an existing one is replaced"),
    (
        "simulate",
        "",
        "What-if: how clusters may grow with and without measures, and how sure that is",
    ),
    ("simulate", "scenarios", "Scenario files (TOML), or filled-in workbooks (XLSX), one or more"),
    ("simulate", "out", "Result folder; unfinished results of the same inputs in it are continued"),
    ("simulate", "replicates", "Replicates, instead of the scenario's"),
    ("simulate", "seed", "Seed, decimal or with 0x, instead of the scenario's"),
    ("simulate", "from_run", "Take the result of a match as known matches and their intake"),
    ("simulate", "backend", "Where to compute"),
    ("simulate", "threads", "Threads; all by default"),
    ("simulate", "json", "Write a JSON summary to stdout"),
    (
        "simulate",
        "notes",
        "Begin with sim/report.html. The same command continues an interrupted run.\n\
         Samples and a schema of scenario files are in corpus/scenarios; `duijie template cluster`\n\
         writes a workbook to fill in instead.",
    ),
    (
        "backends",
        "check",
        "Compare every instruction set and GPU rung with the reference, and time it",
    ),
    (
        "eval",
        "",
        "Measure matching against graded pairs: rankings, two-way lists, probabilities, beside BM25",
    ),
    ("eval", "demands", "Demand lists, one or more files: matched as `match` does, and measured"),
    ("eval", "supplies", "Supply lists, one or more files"),
    ("eval", "qrels", "Grades in TREC format (query 0 document grade), one or more files"),
    (
        "eval",
        "keep",
        "Keep only records of which a field or column matches; demand: or supply: for one side",
    ),
    (
        "eval",
        "reverse",
        "Ask the other way: queries of the grades are supplies, documents are demands",
    ),
    (
        "eval",
        "only_queries",
        "Ask the graded queries only (for slow models): candidates from one direction, no two-way lists",
    ),
    (
        "eval",
        "relevant_from",
        "Least grade that counts as relevant (MRR, hits, recall, probabilities); 2 by default, or the highest given if lower",
    ),
    ("eval", "weights", "Weights file instead of the built-in one"),
    ("eval", "calibration", "Calibration file instead of the built-in one"),
    ("eval", "candidates", "Candidates per record, direction and retriever"),
    ("eval", "per_demand", "Most supplies handed out to one demand (two-way lists)"),
    ("eval", "per_supply", "Most handed-out lists in which one supply stands (two-way lists)"),
    ("eval", "backend", "auto takes a GPU where there is one; cpu; gpu"),
    ("eval", "as_of", "Reference date (YYYY-MM-DD) for freshness; today by default"),
    ("eval", "max_rejected", "Stop when more than this share of the rows (%) is rejected"),
    ("eval", "report", "Write a report with charts as one HTML file"),
    ("eval", "run_dir", "Write the rankings into a folder (TREC format)"),
    (
        "eval",
        "run",
        "Ready-made ranking in TREC format, such as out/ranking.trec: measure that alone",
    ),
    ("eval", "baseline", "Ranking to compare with; the BM25 ranking beside the run by default"),
    (
        "*",
        "embedder",
        "What makes the vectors: builtin, a model folder (joined with the built-in model), or an \
         OpenAI-compatible endpoint (http://host:port/v1#model; texts are sent there, a key goes \
         into DUIJIE_API_KEY)",
    ),
    (
        "*",
        "query_instruction",
        "What the endpoint's model wants before demands, put there as it is",
    ),
    (
        "*",
        "vector_cache",
        "Folder where vectors are kept between runs; the system's cache folder by default (not \
         used by the built-in model)",
    ),
    ("*", "no_vector_cache", "Keep no vectors between runs"),
    (
        "*",
        "demand_vectors",
        "Vectors of the demands (.safetensors or .npy), matched by record id (NAME.ids.txt) or by \
         row",
    ),
    ("*", "supply_vectors", "Vectors of the supplies, of the same model"),
    ("model", "", "Embedding models: list, pull, check"),
    ("model list", "", "List the built-in model, those here, and those that can be pulled"),
    (
        "model pull",
        "",
        "Get a model, resuming and verifying (the only command that uses the network)",
    ),
    ("model pull", "name", "Name of the model and of its folder, such as bge-small-zh-v1.5"),
    ("model pull", "from", "A mirror (with /config.json behind it a file comes) or a folder"),
    ("model check", "", "Verify a model folder and embed two sentences with it"),
    ("model check", "dir", "Folder of the model"),
    ("user", "", "Users: who may log in to the pages, and as what"),
    ("user add", "", "Add a user; the password is typed at the terminal, where it is not shown"),
    ("user add", "name", "Name to log in by; capital letters do not matter"),
    (
        "user add",
        "role",
        "reader, broker, office or admin; each may do what the ones before it may",
    ),
    ("user add", "display_name", "Name to be shown; otherwise the one to log in by"),
    ("user add", "broker", "Name under which answers and the broker's share go"),
    ("user list", "", "List the users"),
    ("user role", "name", "Name of the user"),
    ("user role", "", "Give a user another role, at once"),
    ("user role", "role", "The new role"),
    ("user password", "name", "Name of the user"),
    ("user password", "", "Give a user another password; the user has to log in again"),
    ("user disable", "name", "Name of the user"),
    (
        "user disable",
        "",
        "Disable a user: no login, and tokens that act for the user open nothing; all records stay",
    ),
    ("user enable", "name", "Name of the user"),
    ("user enable", "", "Let a disabled user in again"),
    (
        "*",
        "password_stdin",
        "Read the password from stdin (first line), for scripts; it cannot be an argument",
    ),
    ("serve", "", "Pages and API: search, match a text, answer, follow up"),
    ("serve", "bind", "Address and port to listen at; only this machine by default"),
    (
        "serve",
        "hosts",
        "Name under which the server is reached (of a proxy; repeatable); all others are refused",
    ),
    ("serve", "tls", "The proxy in front speaks TLS: sessions are sent over it only"),
    ("serve", "rate", "Requests per second of each user or token, on average"),
    ("serve", "concurrency", "Requests worked on at once; the next ones are told to try later"),
    ("serve", "timeout", "Most seconds that a request may take"),
    ("serve", "max_upload", "Largest upload, in MB"),
    ("serve", "open", "Open it in the browser"),
    (
        "serve",
        "notes",
        "`duijie` alone opens a page on this machine: put two lists in and have them matched.\n\
         Users are added by `duijie user add`, tokens for programs by `duijie token create`.\n\
         TLS is the matter of a proxy in front (such as nginx), which hands the Host on as it is; \
         name it with --host and add --tls.",
    ),
    ("judge", "", "Grading by people: a pool of pairs, graded blind, written as qrels"),
    (
        "judge",
        "notes",
        "Pairs are graded on a page: `duijie serve`, sign in, open Judge. An assessor sees the two \
         texts and nothing of what the program thinks; for two assessors the page shows how far \
         they agree.",
    ),
    ("judge pool", "", "Take a batch of pairs of what is published, to be graded"),
    ("judge pool", "pairs", "How many pairs are added"),
    ("judge export", "", "Write the grades in the format of qrels, for `duijie eval`"),
    ("judge export", "out", "File to write"),
    ("token", "", "Tokens: by which programs use the API"),
    ("token create", "", "Give out a token; stdout has it alone, and it is shown this once"),
    ("token create", "label", "What it is called: which program it is for"),
    ("token create", "role", "reader, broker, office or admin"),
    (
        "token create",
        "scopes",
        "What it may do, as far as the role may, between commas: read, match, answer, ledger, import, admin",
    ),
    ("token create", "days", "Days until it expires"),
    (
        "token create",
        "user",
        "User for whom it acts: answers go under that name, and it ends when the user is disabled",
    ),
    ("token list", "", "List the tokens that were given out, without the tokens themselves"),
    ("token revoke", "", "Take a token back, at once and for good"),
    ("token revoke", "id", "Number of the token, as `duijie token list` shows it"),
    (
        "*",
        "home",
        "Folder of models; by default in the data folder, as ~/.local/share/duijie/models",
    ),
    ("*", "out", "Folder of a run of `match`; what the workspace has published if not given"),
    ("*", "json", "Print JSON"),
];

/// A usage error in the reader's language, with a line on where to read more.
pub(super) fn usage_error(error: &clap::Error, lang: Lang) -> String {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if lang == Lang::En || is_help {
        return error.to_string();
    }
    let context = |kind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(many) => many.join("、"),
            other => other.to_string(),
        })
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有这个选项：{argument}"),
        ErrorKind::InvalidSubcommand => {
            format!("没有这个命令：{}", context(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("缺少：{argument}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 后面缺少值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let allowed = context(ContextKind::ValidValue)
                .map(|values| format!("，可选：{values}"))
                .unwrap_or_default();
            let form = if argument.contains("<DATE>") {
                "，写成 2026-06-30 这样"
            } else if argument.starts_with("--embedder") {
                "，接口地址写成 http://主机:端口/v1#模型名，密钥只放在环境变量 DUIJIE_API_KEY"
            } else {
                ""
            };
            format!("{argument} 的值 “{value}” 不对{allowed}{form}")
        }
        ErrorKind::ArgumentConflict => format!(
            "{argument} 不能与 {} 同时使用",
            context(ContextKind::PriorArg).unwrap_or_default()
        ),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        _ => error.to_string(),
    };
    let suggestion =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .into_iter()
            .find_map(context)
            .map(|s| format!("是不是想写：{s}\n"))
            .unwrap_or_default();
    format!("错误：{what}\n{suggestion}办法：用 duijie --help 或 duijie <命令> --help 查看用法\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_has_an_english_text() {
        fn check(sub: &Command, above: &str) {
            let words = format!("{above} {}", sub.get_name()).trim_start().to_owned();
            assert!(english(&words, "").is_some(), "{words}");
            for arg in sub.get_arguments() {
                let id = arg.get_id().as_str();
                if !["help", "lang", "verbose"].contains(&id) {
                    assert!(english(&words, id).is_some(), "{words} {id}");
                }
            }
            sub.get_subcommands().for_each(|sub| check(sub, &words));
        }
        Arguments::command().get_subcommands().for_each(|sub| check(sub, ""));
    }

    #[test]
    fn both_languages_are_well_formed() {
        command(Lang::Zh).debug_assert();
        command(Lang::En).debug_assert();
    }

    #[test]
    fn the_language_is_found_anywhere() {
        let words = |s: &str| s.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(wanted_language(&words("duijie match --lang en")), Lang::En);
        assert_eq!(wanted_language(&words("duijie --lang=en search x")), Lang::En);
        assert_eq!(wanted_language(&words("duijie search -- --lang en")), Lang::Zh);
    }
}
