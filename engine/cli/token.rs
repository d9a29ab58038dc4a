//! `duijie token`: by which programs use the API.

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::arguments::WorkspaceArgument;
use super::outcome::tell;
use super::user::RoleArgument;
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::model::{Lang, Permission};
use crate::store::{NewToken, StoreError, TokenId, TokenRow, User};

pub(super) const EXAMPLES: &str = "\
示例：
  duijie token create 门户网站
  duijie token create 夜间导入 --role office --scopes read,import --days 365
  duijie token create 王小明的脚本 --role broker --scopes read,match,answer --user wang
  duijie token list
  duijie token revoke 3";

#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// 发一个新令牌；标准输出上只有令牌本身，只显示这一次
    Create(CreateArguments),
    /// 列出发过的令牌，不含令牌本身
    List(ListArguments),
    /// 撤销令牌，立即生效，不能恢复
    Revoke(RevokeArguments),
}

#[derive(Debug, Args)]
struct CreateArguments {
    /// 令牌的名称：给哪个程序用
    #[arg(value_name = "LABEL")]
    label: String,

    /// 角色：reader 读者，broker 经理人，office 办公室，admin 管理员
    #[arg(long, value_name = "reader|broker|office|admin", default_value = "reader")]
    role: RoleArgument,

    /// 权限范围，逗号分隔：read 查看，match 匹配，answer 反馈，ledger 台账，import 导入，admin 管理；角色也允许才有效
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_value = "read")]
    scopes: Vec<ScopeArgument>,

    /// 多少天后到期
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,

    /// 代表哪个用户：反馈记在其名下，用户停用则令牌失效
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

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
struct RevokeArguments {
    /// 令牌的编号，见 duijie token list
    #[arg(value_name = "ID")]
    id: i64,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeArgument {
    Read,
    Match,
    Answer,
    Ledger,
    Import,
    Admin,
}

impl From<ScopeArgument> for Permission {
    fn from(argument: ScopeArgument) -> Self {
        match argument {
            ScopeArgument::Read => Self::Read,
            ScopeArgument::Match => Self::Match,
            ScopeArgument::Answer => Self::Answer,
            ScopeArgument::Ledger => Self::Ledger,
            ScopeArgument::Import => Self::Import,
            ScopeArgument::Admin => Self::Admin,
        }
    }
}

pub(super) fn run(arguments: &TokenArguments, lang: Lang) -> CommandResult {
    match &arguments.command {
        TokenCommand::Create(options) => create(options, lang),
        TokenCommand::List(options) => list(options, lang),
        TokenCommand::Revoke(options) => {
            let now = surroundings().now();
            find(&options.workspace)?.store(now)?.revoke_token(TokenId(options.id), now)?;
            let what = lang.pick("已撤销", "revoked");
            writeln!(std::io::stdout().lock(), "{}  {what}", options.id)?;
            Ok(())
        }
    }
}

fn create(arguments: &CreateArguments, lang: Lang) -> CommandResult {
    let now = surroundings().now();
    let mut store = find(&arguments.workspace)?.store(now)?;
    let user = match &arguments.user {
        None => None,
        Some(name) => {
            let user = store.find_user(name)?;
            Some(user.ok_or_else(|| StoreError::UnknownUser { name: name.clone() })?.id)
        }
    };
    let scopes: Vec<Permission> = arguments.scopes.iter().map(|scope| (*scope).into()).collect();
    let lasts = SignedDuration::from_hours(24 * i64::from(arguments.days));
    let expires_at = now.saturating_add(lasts).expect("a duration has no months");
    let role = arguments.role.into();
    let new = NewToken { label: &arguments.label, role, scopes: &scopes, expires_at, user };
    let (row, secret) = store.create_token(&new, now)?;
    let beyond: Vec<&str> =
        row.scopes.iter().filter(|scope| !row.may(**scope)).map(|scope| scope.word()).collect();
    // The token alone is on stdout, so that it can go into a file or a variable.
    writeln!(std::io::stdout().lock(), "{}", secret.expose())?;
    let until = day(row.expires_at);
    match lang {
        Lang::Zh => tell(&format!(
            "令牌 {} “{}”，{until} 到期。上面的令牌只显示这一次，请马上存好；用法：请求头 Authorization: Bearer 令牌。撤销：duijie token revoke {}",
            row.id.0, row.label, row.id.0
        )),
        Lang::En => tell(&format!(
            "token {} \"{}\", valid until {until}. It is shown this once: keep it now, and send it as Authorization: Bearer TOKEN. To revoke it: duijie token revoke {}",
            row.id.0, row.label, row.id.0
        )),
    }
    if !beyond.is_empty() {
        let words = beyond.join(",");
        let role = row.role.label(lang);
        tell(&match lang {
            Lang::Zh => format!("注意：角色“{role}”不允许 {words}，这些权限无效"),
            Lang::En => {
                format!("note: the role {role} does not allow {words}; they have no effect")
            }
        });
    }
    Ok(())
}

fn list(arguments: &ListArguments, lang: Lang) -> CommandResult {
    let store = find(&arguments.workspace)?.store_read_only()?;
    let (tokens, users) = (store.tokens()?, store.users()?);
    let now = surroundings().now();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let valid = |token: &TokenRow| {
            let mut value = json!(token);
            value["state"] = json!(State::of(token, &users, now).word());
            value
        };
        let tokens: Vec<_> = tokens.iter().map(valid).collect();
        writeln!(out, "{}", json!({"schema": "duijie.tokens/1", "tokens": tokens}))?;
        return Ok(());
    }
    if tokens.is_empty() {
        let hint = "还没有令牌。发一个：duijie token create 名称";
        writeln!(
            out,
            "{}",
            lang.pick(hint, "no tokens yet; create one: duijie token create LABEL")
        )?;
        return Ok(());
    }
    let mut rows = vec![
        [
            ("编号", "id"),
            ("名称", "label"),
            ("角色", "role"),
            ("权限", "scopes"),
            ("用户", "user"),
            ("状态", "state"),
            ("到期", "expires"),
            ("最近使用", "last used"),
        ]
        .map(|(zh, en)| lang.pick(zh, en).to_owned())
        .to_vec(),
    ];
    rows.extend(tokens.into_iter().map(|token| {
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
        let user = token.user.and_then(|id| users.iter().find(|user| user.id == id));
        vec![
            token.id.0.to_string(),
            token.label.clone(),
            token.role.label(lang).to_owned(),
            scopes.join(","),
            user.map_or_else(String::new, |user| user.name.clone()),
            State::of(&token, &users, now).label(lang).to_owned(),
            day(token.expires_at),
            token.used_at.map_or_else(|| "—".to_owned(), day),
        ]
    }));
    write!(out, "{}", table::lines_up(&rows))?;
    Ok(())
}

/// Whether a token opens anything.
#[derive(Clone, Copy)]
enum State {
    Valid,
    Expired,
    Revoked,
    /// The user for whom it acts is disabled.
    Disabled,
}

impl State {
    fn of(token: &TokenRow, users: &[User], now: Timestamp) -> Self {
        if token.revoked_at.is_some() {
            Self::Revoked
        } else if users.iter().any(|user| user.disabled && token.user == Some(user.id)) {
            Self::Disabled
        } else if token.expires_at <= now {
            Self::Expired
        } else {
            Self::Valid
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Disabled => "user_disabled",
        }
    }

    const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Valid => lang.pick("有效", "valid"),
            Self::Expired => lang.pick("已到期", "expired"),
            Self::Revoked => lang.pick("已撤销", "revoked"),
            Self::Disabled => lang.pick("用户已停用", "user disabled"),
        }
    }
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}
