//! `duijie serve`, and plain `duijie`: pages and interface of a workspace.

use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::CommandResult;
use super::arguments::WorkspaceArgument;
use super::outcome::{Failure, tell};
use super::workspace::{find, surroundings};
use crate::job::{JobError, Workspace};
use crate::model::Lang;
use crate::server::{DEFAULT_BIND, Running, ServeOptions, ServerError, serve};

pub(super) const EXAMPLES: &str = "\
示例：
  duijie serve
  duijie serve --bind 0.0.0.0:8787 --host 对接.example.cn --tls
  duijie serve --workspace /srv/duijie --rate 200

不写任何命令的 duijie 会在本机浏览器里打开页面：放入两份清单即可匹配。
用户用 duijie user add 添加，程序用的令牌用 duijie token create 取得。
TLS 由前面的代理（如 nginx）负责：代理把 Host 原样转来，并用 --host 登记该名称、加 --tls。";

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// 监听的地址和端口；默认只有本机能访问
    #[arg(long, value_name = "ADDR:PORT", default_value_t = DEFAULT_BIND)]
    bind: SocketAddr,

    /// 用哪些名称访问本服务（代理的域名，可重复）；其他名称一律拒绝
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,

    /// 前面的代理使用 TLS：登录信息只经加密连接发送
    #[arg(long)]
    tls: bool,

    /// 每个用户或令牌平均每秒的请求数
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,

    /// 同时处理的请求数，再多就请对方稍后再试
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    concurrency: Option<u32>,

    /// 一个请求最多处理多少秒
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    timeout: u32,

    /// 上传文件的上限，MB
    #[arg(long, value_name = "MB", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    max_upload: u32,

    /// 启动后在浏览器里打开
    #[arg(long)]
    open: bool,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

/// `duijie serve`.
pub(super) fn run(arguments: &ServeArguments, lang: Lang) -> CommandResult {
    let workspace = find(&arguments.workspace)?;
    let defaults = ServeOptions::default();
    let options = ServeOptions {
        bind: arguments.bind,
        hosts: arguments.hosts.clone(),
        behind_tls: arguments.tls,
        rate: arguments.rate,
        concurrency: arguments.concurrency.map_or(defaults.concurrency, |n| n as usize),
        timeout: Duration::from_secs(arguments.timeout.into()),
        upload_bytes: (arguments.max_upload as usize) << 20,
        ..defaults
    };
    let running = serve(workspace, surroundings(), options)?;
    tell_where(&running, arguments.open, lang)?;
    running.wait();
    Ok(())
}

/// Plain `duijie`: the workspace of the current folder, else one of the user's own, in the browser.
pub(super) fn run_local(lang: Lang) -> CommandResult {
    let workspace = local_workspace()?;
    let running = match serve(workspace.clone(), surroundings(), ServeOptions::default()) {
        // A second copy takes another port.
        Err(ServerError::Bind { .. }) => {
            let bind = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
            serve(workspace, surroundings(), ServeOptions { bind, ..ServeOptions::default() })?
        }
        other => other?,
    };
    tell_where(&running, true, lang)?;
    running.wait();
    Ok(())
}

/// Whether somebody could look at a page: a terminal or a screen. A script that forgot its command
/// gets the help instead of a server.
pub(super) fn somebody_is_there() -> bool {
    std::io::stdout().is_terminal() || has_display()
}

fn has_display() -> bool {
    cfg!(any(windows, target_os = "macos"))
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

fn local_workspace() -> Result<Workspace, Failure> {
    let here = std::env::current_dir()?;
    match Workspace::find(None, &here) {
        Err(JobError::NoWorkspace { .. }) => {}
        found => return Ok(found?),
    }
    let root = data_folder().join("duijie");
    let (workspace, _) = Workspace::init(&root, Timestamp::now())?;
    Ok(workspace)
}

/// Where programs keep what belongs to a user: as the XDG base directory specification and Windows
/// have it.
fn data_folder() -> PathBuf {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_DATA_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| named("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(std::env::temp_dir)
}

fn tell_where(running: &Running, open: bool, lang: Lang) -> CommandResult {
    let mut out = std::io::stdout().lock();
    writeln!(out, "http://{}", running.address)?;
    out.flush()?;
    drop(out);
    tell(lang.pick(
        "已启动，按 Ctrl-C 结束。本机用下面的链接直接进入（五分钟内有效，只能用一次）：",
        "running; Ctrl-C ends it. On this machine, this link signs you in (once, within five minutes):",
    ));
    tell(&running.launch_url);
    if open && !open_browser(&running.launch_url) {
        tell(lang.pick(
            "没有能打开的浏览器，请自行打开该链接。",
            "no browser could be opened; open the link yourself",
        ));
    }
    Ok(())
}

/// Asks the system to open a page; whether it could be asked.
fn open_browser(url: &str) -> bool {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.args(["url.dll,FileProtocolHandler", url]);
        command
    } else {
        let mut command = Command::new(if cfg!(target_os = "macos") { "open" } else { "xdg-open" });
        command.arg(url);
        command
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    has_display() && command.spawn().is_ok()
}
