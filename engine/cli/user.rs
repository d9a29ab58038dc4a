//! `duijie user`: who may log in to the pages.

use std::io::{BufRead, Write};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::arguments::WorkspaceArgument;
use super::outcome::Failure;
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::model::{Lang, Role};
use crate::store::{NewUser, PASSWORD_CHARS, Store, StoreError, User};

/// Most bytes that are read where a password is expected: the longest one of four-byte characters,
/// and a line's end.
const PASSWORD_BYTES: u64 = 4 * *PASSWORD_CHARS.end() as u64 + 2;

pub(super) const EXAMPLES: &str = "\
示例：
  duijie user add wang --role broker --display-name 王小明 --broker 王小明
  duijie user list
  duijie user role wang office
  duijie user password wang
  duijie user disable wang
  pass duijie/wang | duijie user add wang --role reader --password-stdin";

#[derive(Debug, Args)]
pub(super) struct UserArguments {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// 添加用户；密码在终端输入，不回显
    Add(AddArguments),
    /// 列出用户
    List(ListArguments),
    /// 更改用户的角色，立即生效
    Role(RoleArguments),
    /// 更改用户的密码；该用户须重新登录
    Password(PasswordArguments),
    /// 停用用户：不能登录，代表该用户的令牌失效；记录都保留
    Disable(NameArguments),
    /// 恢复停用的用户
    Enable(NameArguments),
}

#[derive(Debug, Args)]
struct AddArguments {
    /// 用户名，登录时用；不分大小写
    #[arg(value_name = "NAME")]
    name: String,

    /// 角色：reader 读者，broker 经理人，office 办公室，admin 管理员；后者可做前者能做的一切
    #[arg(long, value_name = "reader|broker|office|admin")]
    role: RoleArgument,

    /// 显示的名称；不写则显示用户名
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// 经理人姓名：反馈和经理人份额记在这个名下
    #[arg(long, value_name = "TEXT")]
    broker: Option<String>,

    #[command(flatten)]
    password: StdinArgument,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RoleArguments {
    /// 用户名
    #[arg(value_name = "NAME")]
    name: String,

    /// 新角色
    #[arg(value_name = "reader|broker|office|admin")]
    role: RoleArgument,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Args)]
struct PasswordArguments {
    /// 用户名
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    password: StdinArgument,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Args)]
struct NameArguments {
    /// 用户名
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Args)]
struct StdinArgument {
    /// 从标准输入读密码（第一行），供脚本使用；密码不能写在命令行上
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleArgument {
    Reader,
    Broker,
    Office,
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(argument: RoleArgument) -> Self {
        match argument {
            RoleArgument::Reader => Self::Reader,
            RoleArgument::Broker => Self::Broker,
            RoleArgument::Office => Self::Office,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

pub(super) fn run(arguments: &UserArguments, lang: Lang) -> CommandResult {
    match &arguments.command {
        UserCommand::Add(options) => add(options, lang),
        UserCommand::List(options) => list(options, lang),
        UserCommand::Role(options) => {
            let (mut store, user) = open(&options.workspace, &options.name)?;
            let role = options.role.into();
            store.set_role(user.id, role, surroundings().now())?;
            done(&user.name, &format!("{}{}", lang.pick("角色 ", "role "), role.label(lang)))
        }
        UserCommand::Password(options) => {
            let (mut store, user) = open(&options.workspace, &options.name)?;
            let password = read_password(&options.password, lang)?;
            store.set_password(user.id, &password, surroundings().now())?;
            done(&user.name, lang.pick("密码已更改", "password changed"))
        }
        UserCommand::Disable(options) => {
            let (mut store, user) = open(&options.workspace, &options.name)?;
            store.disable_user(user.id, surroundings().now())?;
            done(&user.name, lang.pick("已停用", "disabled"))
        }
        UserCommand::Enable(options) => {
            let (mut store, user) = open(&options.workspace, &options.name)?;
            store.enable_user(user.id, surroundings().now())?;
            done(&user.name, lang.pick("已恢复", "enabled"))
        }
    }
}

fn add(arguments: &AddArguments, lang: Lang) -> CommandResult {
    let around = surroundings();
    let mut store = find(&arguments.workspace)?.store(around.now())?;
    // Known before a password is typed twice for nothing.
    if let Some(user) = store.find_user(&arguments.name)? {
        return Err(StoreError::UserExists { name: user.name }.into());
    }
    let password = read_password(&arguments.password, lang)?;
    let new = NewUser {
        name: &arguments.name,
        display_name: arguments.display_name.as_deref().unwrap_or_default(),
        role: arguments.role.into(),
        broker: arguments.broker.as_deref(),
    };
    let user = store.add_user(&new, &password, around.now())?;
    done(&user.name, user.role.label(lang))
}

fn list(arguments: &ListArguments, lang: Lang) -> CommandResult {
    let users = find(&arguments.workspace)?.store_read_only()?.users()?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", json!({"schema": "duijie.users/1", "users": users}))?;
        return Ok(());
    }
    if users.is_empty() {
        let hint = "还没有用户。添加第一个：duijie user add 用户名 --role admin";
        let english = "no users yet; add the first: duijie user add NAME --role admin";
        writeln!(out, "{}", lang.pick(hint, english))?;
        return Ok(());
    }
    let mut rows = vec![
        [("用户名", "name"), ("名称", "shown as"), ("角色", "role"), ("经理人", "broker")]
            .into_iter()
            .chain([("状态", "state")])
            .map(|(zh, en)| lang.pick(zh, en).to_owned())
            .collect::<Vec<_>>(),
    ];
    rows.extend(users.into_iter().map(|user| {
        let state = if user.disabled {
            lang.pick("已停用", "disabled")
        } else {
            lang.pick("可登录", "may log in")
        };
        let role = user.role.label(lang).to_owned();
        let broker = user.broker.unwrap_or_default();
        vec![user.name, user.display_name, role, broker, state.to_owned()]
    }));
    write!(out, "{}", table::lines_up(&rows))?;
    Ok(())
}

/// The store and the user of a name.
fn open(workspace: &WorkspaceArgument, name: &str) -> Result<(Store, User), Failure> {
    let store = find(workspace)?.store(surroundings().now())?;
    let user = store.find_user(name)?;
    let user = user.ok_or_else(|| StoreError::UnknownUser { name: name.to_owned() })?;
    Ok((store, user))
}

fn done(name: &str, what: &str) -> CommandResult {
    writeln!(std::io::stdout().lock(), "{name}  {what}")?;
    Ok(())
}

/// A new password: the first line of stdin, or typed twice at the terminal, where it is not shown.
fn read_password(argument: &StdinArgument, lang: Lang) -> Result<String, Failure> {
    if argument.password_stdin {
        return first_line(std::io::stdin().lock()).ok_or_else(|| {
            Failure::usage(
                lang.pick(
                    "标准输入的第一行不是 UTF-8 文字",
                    "the first line of stdin is no UTF-8 text",
                ),
                lang.pick("请把密码存成 UTF-8。", "Give the password in UTF-8."),
            )
        });
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt).map_err(|error| {
            Failure::usage(
                match lang {
                    Lang::Zh => format!("没有可以输入密码的终端：{error}"),
                    Lang::En => format!("there is no terminal to type a password at: {error}"),
                },
                lang.pick(
                    "在脚本里请用 --password-stdin，从标准输入读密码。",
                    "In scripts use --password-stdin, which reads it from stdin.",
                ),
            )
        })
    };
    let least = PASSWORD_CHARS.start();
    let password = ask(&match lang {
        Lang::Zh => format!("密码（至少 {least} 个字符）："),
        Lang::En => format!("password (at least {least} characters): "),
    })?;
    if password != ask(lang.pick("再输入一次：", "once more: "))? {
        return Err(Failure::usage(
            lang.pick("两次输入的密码不同", "the two passwords differ"),
            lang.pick("请重新运行命令。", "Run the command again."),
        ));
    }
    Ok(password)
}

/// The first line without its end; `None` where it is no UTF-8. No more of a long one is read than
/// tells that it is too long.
fn first_line(input: impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    // What cannot be read is no password, as an empty line is none.
    input.take(PASSWORD_BYTES).read_until(b'\n', &mut line).ok()?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8(line.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_stdin_is_the_password() {
        let line = |bytes: &[u8]| first_line(bytes);
        assert_eq!(line(b"secret words\nmore\n").as_deref(), Some("secret words"));
        assert_eq!(line(b"secret words\r\n").as_deref(), Some("secret words"));
        assert_eq!(line(b" two  blanks ").as_deref(), Some(" two  blanks "));
        assert_eq!(line(b"").as_deref(), Some(""));
        assert_eq!(line(&[0xff, 0xfe]), None);
        let longest = "𠀀".repeat(*PASSWORD_CHARS.end());
        assert_eq!(line(format!("{longest}\r\n").as_bytes()), Some(longest));
        let longer = vec![b'x'; 1 << 20];
        assert!(line(&longer).is_some_and(|line| line.len() > *PASSWORD_CHARS.end()));
    }
}
