//! Logging in.

use maud::{Markup, html};

use super::Frame;
use super::frame::bare;

/// The form. `error` says that it failed, not why: whoever guesses must not learn which names there
/// are. `back` is where to go then.
#[must_use]
pub fn login_page(frame: &Frame<'_>, error: Option<&str>, back: Option<&str>) -> Markup {
    let body = html! {
        @if let Some(error) = error { p class="error" role="alert" { (error) } }
        form class="login" method="post" action="/login" {
            (frame.csrf_field())
            input type="hidden" name="back" value=(back.unwrap_or("/"));
            div class="field wide" {
                label for="name" { (frame.t("用户名", "Name")) }
                input id="name" name="name" type="text" required maxlength="64" autocomplete="username" autofocus;
            }
            div class="field wide" {
                label for="password" { (frame.t("密码", "Password")) }
                input id="password" name="password" type="password" required maxlength="256" autocomplete="current-password";
            }
            button class="good" { (frame.t("登录", "Log in")) }
        }
        p class="soft" { (frame.t("没有账户或忘了密码，请找管理员。", "Without an account, or if you forgot the password, ask the administrator.")) }
    };
    bare(frame, frame.t("登录", "Log in"), &body)
}
