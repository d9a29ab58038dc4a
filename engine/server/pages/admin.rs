//! Tokens, users, and the log of who saw what.

use jiff::Timestamp;
use maud::{Markup, html};

use super::Frame;
use super::address::record;
use super::forms::{choice, line};
use super::frame::page;
use super::words::time;
use crate::model::{Lang, Permission, Role};
use crate::store::{AccessKind, AccessRow, Actor, PASSWORD_CHARS, TokenRow, User, UserId};

/// Days for which a token can be made.
const DAYS: [u32; 4] = [7, 30, 90, 365];
/// What is offered first.
const USUAL_DAYS: u32 = 90;

/// What an administrator looks after.
#[derive(Debug, Clone, Copy)]
pub struct AdminPage<'a> {
    /// Users, by name.
    pub users: &'a [User],
    /// Tokens that were given out.
    pub tokens: &'a [TokenRow],
    /// The log, latest first.
    pub accesses: &'a [AccessRow],
    /// A token made just now: what it is called, and its secret, which is shown this once.
    pub secret: Option<(&'a str, &'a str)>,
    /// The kind of accesses that are listed; `None` for all.
    pub kind: Option<AccessKind>,
    /// The user whose accesses are listed; `None` for all.
    pub by: Option<UserId>,
    /// The time of the reader.
    pub now: Timestamp,
    /// What was wrong with what was sent.
    pub error: Option<&'a str>,
}

/// The page of administration.
#[must_use]
pub fn admin_page(frame: &Frame<'_>, shown: &AdminPage<'_>) -> Markup {
    let body = html! {
        nav class="tabs" aria-label=(frame.t("本页各部分", "On this page")) {
            a href="#tokens" { (frame.t("令牌", "Tokens")) }
            a href="#users" { (frame.t("用户", "Users")) }
            a href="#log" { (frame.t("访问记录", "Log of accesses")) }
        }
        @if let Some(error) = shown.error { p class="error" role="alert" { (error) } }
        @if let Some((label, secret)) = shown.secret { (secret_box(frame, label, secret)) }
        section id="tokens" { h2 { (frame.t("接口令牌", "API tokens")) } (tokens(frame, shown)) }
        section id="users" { h2 { (frame.t("用户", "Users")) } (users(frame, shown.users)) }
        section id="log" { h2 { (frame.t("访问记录", "Log of accesses")) } (log(frame, shown)) }
    };
    page(frame, frame.t("管理", "Administration"), &body)
}

fn secret_box(frame: &Frame<'_>, label: &str, secret: &str) -> Markup {
    html! {
        section class="secret" role="alert" {
            h2 { (frame.t("新令牌：", "New token: ")) (label) }
            p { (frame.t("只显示这一次，离开本页后无法再看到，请现在复制保存。", "It is shown this once and cannot be seen again: copy it now.")) }
            div class="field wide" {
                label for="secret" { (frame.t("令牌", "Token")) }
                input id="secret" type="text" readonly value=(secret) autocomplete="off" spellcheck="false";
            }
            button type="button" data-copy="secret" data-done=(frame.t("已复制", "Copied")) hidden { (frame.t("复制", "Copy")) }
        }
    }
}

fn tokens(frame: &Frame<'_>, shown: &AdminPage<'_>) -> Markup {
    let lang = frame.lang;
    let user = |id: UserId| shown.users.iter().find(|user| user.id == id);
    html! {
        @if shown.tokens.is_empty() {
            p class="soft" { (frame.t("还没有令牌。程序访问接口要用令牌，人登录页面不需要。", "There is none yet. Programs need a token for the API; people log in.")) }
        } @else {
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("已发出的令牌（密文不可再查）", "Tokens given out (secrets are not kept)")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("用途", "For")) }
                            th scope="col" { (frame.t("角色和范围", "Role and scopes")) }
                            th scope="col" { (frame.t("有效至", "Valid until")) }
                            th scope="col" { (frame.t("最近使用", "Last used")) }
                            th scope="col" { (frame.t("状态", "State")) }
                        }
                    }
                    tbody {
                        @for token in shown.tokens {
                            tr {
                                th scope="row" {
                                    (token.label)
                                    @if let Some(user) = token.user.and_then(user) { br; span class="soft" { (user.shown_name()) } }
                                }
                                td { (token.role.label(lang)) ": " (scopes(&token.scopes, lang)) }
                                td class="day" { (time(token.expires_at)) }
                                td { @match token.used_at { Some(at) => (time(at)), None => (frame.t("从未", "never")) } }
                                td {
                                    @if token.revoked_at.is_some() {
                                        span class="tag" { (frame.t("已撤销", "revoked")) }
                                    } @else if token.expires_at <= shown.now {
                                        span class="tag" { (frame.t("已过期", "expired")) }
                                    } @else {
                                        form method="post" action=(format!("/admin/tokens/{}/revoke", token.id.0)) {
                                            (frame.csrf_field())
                                            button class="bad" aria-label=(format!("{} {}", frame.t("撤销", "Revoke"), token.label)) { (frame.t("撤销", "Revoke")) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        details {
            summary { (frame.t("新建令牌", "Make a token")) }
            form class="grid" method="post" action="/admin/tokens" {
                (frame.csrf_field())
                div class="field" {
                    label for="token-label" { (frame.t("用途", "What it is for")) }
                    input id="token-label" name="label" type="text" required maxlength="64";
                }
                (role_choice(frame, "token-role", Role::Reader))
                div class="field" {
                    label for="token-days" { (frame.t("有效期", "Valid for")) }
                    select id="token-days" name="days" {
                        @for days in DAYS {
                            option value=(days) selected[days == USUAL_DAYS] { (days) (frame.t(" 天", " days")) }
                        }
                    }
                }
                div class="field" {
                    label for="token-user" { (frame.t("代表谁", "Acts for")) }
                    select id="token-user" name="user" {
                        option value="" { (frame.t("不代表任何人", "nobody")) }
                        @for user in shown.users.iter().filter(|user| !user.disabled) {
                            option value=(user.id.0) { (user.shown_name()) }
                        }
                    }
                }
                fieldset {
                    legend { (frame.t("范围（角色允许的才有效）", "Scopes (as far as the role may)")) }
                    @for scope in Permission::ALL {
                        label {
                            input type="checkbox" name="scope" value=(scope.word()) checked[scope == Permission::Read];
                            " " (scope.label(lang))
                        }
                    }
                }
                button class="good" { (frame.t("新建令牌", "Make a token")) }
            }
        }
    }
}

fn scopes(scopes: &[Permission], lang: Lang) -> String {
    let labels: Vec<&str> = scopes.iter().map(|scope| scope.label(lang)).collect();
    labels.join(lang.pick("、", ", "))
}

fn role_choice(frame: &Frame<'_>, id: &str, chosen: Role) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (frame.t("角色", "Role")) }
            select id=(id) name="role" {
                @for role in Role::ALL {
                    option value=(role.word()) selected[role == chosen] { (role.label(frame.lang)) }
                }
            }
        }
    }
}

fn users(frame: &Frame<'_>, users: &[User]) -> Markup {
    html! {
        @if users.is_empty() {
            p class="soft" { (frame.t("还没有用户。在下面新建，或用 duijie user add。", "There is none yet. Make one below, or with `duijie user add`.")) }
        } @else {
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("可以登录的人", "Who can log in")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("用户名", "Name")) }
                            th scope="col" { (frame.t("角色", "Role")) }
                            th scope="col" { (frame.t("经理人姓名", "Broker's name")) }
                            th scope="col" { (frame.t("操作", "Change")) }
                        }
                    }
                    tbody { @for user in users { (user_row(frame, user)) } }
                }
            }
        }
        details {
            summary { (frame.t("新建用户", "Make a user")) }
            form class="grid" method="post" action="/admin/users" {
                (frame.csrf_field())
                div class="field" {
                    label for="user-name" { (frame.t("用户名", "Name")) }
                    input id="user-name" name="name" type="text" required maxlength="64" autocomplete="off";
                }
                (line("user-shown", "display_name", frame.t("显示的姓名（可空）", "Name shown (optional)"), ""))
                (role_choice(frame, "user-role", Role::Broker))
                (line("user-broker", "broker", frame.t("清单里的经理人姓名（可空）", "Name as a broker in the lists (optional)"), ""))
                (password(frame, "user-password"))
                button class="good" { (frame.t("新建用户", "Make a user")) }
            }
        }
    }
}

fn password(frame: &Frame<'_>, id: &str) -> Markup {
    let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    html! {
        div class="field" {
            label for=(id) {
                @match frame.lang {
                    Lang::Zh => { "密码（" (least) "–" (most) " 个字符）" }
                    Lang::En => { "Password (" (least) "–" (most) " characters)" }
                }
            }
            input id=(id) name="password" type="password" required minlength=(least) maxlength=(most) autocomplete="new-password";
        }
    }
}

fn user_row(frame: &Frame<'_>, user: &User) -> Markup {
    let address = format!("/admin/users/{}", user.id.0);
    let toggle = if user.disabled { "enable" } else { "disable" };
    html! {
        tr {
            th scope="row" {
                (user.name)
                @if !user.display_name.is_empty() { br; span class="soft" { (user.display_name) } }
                @if user.disabled { " " span class="tag" { (frame.t("已停用", "disabled")) } }
            }
            td { (user.role.label(frame.lang)) }
            td { (user.broker.as_deref().unwrap_or("–")) }
            td {
                details {
                    summary aria-label=(format!("{} {}", frame.t("修改", "Change"), user.name)) { (frame.t("修改", "Change")) }
                    form class="line" method="post" action=(format!("{address}/role")) {
                        (frame.csrf_field())
                        (role_choice(frame, &format!("role-{}", user.id.0), user.role))
                        button { (frame.t("改角色", "Set the role")) }
                    }
                    form class="line" method="post" action=(format!("{address}/password")) {
                        (frame.csrf_field())
                        (password(frame, &format!("password-{}", user.id.0)))
                        button { (frame.t("改密码", "Set the password")) }
                    }
                    form method="post" action=(format!("{address}/{toggle}")) {
                        (frame.csrf_field())
                        button class=(if user.disabled { "good" } else { "bad" }) {
                            @if user.disabled { (frame.t("恢复", "Enable")) } @else { (frame.t("停用（立即退出登录）", "Disable (and log out)")) }
                        }
                    }
                }
            }
        }
    }
}

fn log(frame: &Frame<'_>, shown: &AdminPage<'_>) -> Markup {
    const KINDS: [AccessKind; 7] = [
        AccessKind::Record,
        AccessKind::Search,
        AccessKind::Proposal,
        AccessKind::Contacts,
        AccessKind::Export,
        AccessKind::Login,
        AccessKind::Sweep,
    ];
    let lang = frame.lang;
    let kinds = KINDS.map(|kind| (kind, kind.label(lang)));
    html! {
        p class="soft" { (frame.t("谁看过非公开的记录；至少保留 180 天。", "Who saw which record that is not public; kept for 180 days at least.")) }
        form class="line" method="get" action="/admin" {
            (choice("log-kind", "kind", frame.t("种类", "Kind"), frame.t("全部", "all"), &kinds, shown.kind))
            div class="field" {
                label for="log-user" { (frame.t("用户", "User")) }
                select id="log-user" name="user" {
                    option value="" { (frame.t("全部", "all")) }
                    @for user in shown.users {
                        option value=(user.id.0) selected[shown.by == Some(user.id)] { (user.shown_name()) }
                    }
                }
            }
            button { (frame.t("筛选", "Filter")) }
            a href="/admin/log.xlsx" { (frame.t("下载 XLSX", "Download XLSX")) }
        }
        @if shown.accesses.is_empty() {
            p class="soft" { (frame.t("没有记录。", "There is none.")) }
        } @else {
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("最近的在前", "Latest first")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("时间", "When")) }
                            th scope="col" { (frame.t("谁", "Who")) }
                            th scope="col" { (frame.t("做了什么", "What")) }
                            th scope="col" { (frame.t("记录", "Record")) }
                        }
                    }
                    tbody {
                        @for row in shown.accesses {
                            tr {
                                td class="day" { (time(row.at)) }
                                td { (actor(&row.actor, lang)) }
                                td { (row.kind.label(lang)) }
                                td {
                                    @if let (Some(side), Some(id)) = (row.side, &row.record) {
                                        a href=(record(side, id)) { (id) }
                                        @if let Some(visibility) = row.visibility { " " span class="soft" { (visibility.label(lang)) } }
                                    } @else { "–" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn actor(actor: &Actor, lang: Lang) -> String {
    match actor {
        Actor::User { label, .. } => label.clone(),
        Actor::Token { label, .. } => format!("{}{label}", lang.pick("令牌 ", "token ")),
        Actor::Local => lang.pick("本机", "this machine").to_owned(),
    }
}
