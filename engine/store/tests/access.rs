//! Users, tokens, sessions, the log of accesses, saved texts.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::fixture::{Fixture, assert_sound, at, id};
use crate::model::{Permission, Role, Side, Visibility};
use crate::store::{
    AUDIT_KEPT, AccessFilter, AccessKind, AccessRow, Actor, Event, Finding, LAUNCH_LASTS, NewQuery,
    NewToken, NewUser, SESSION_IDLE, SESSION_LONGEST, SavedQuery, Seq, Store, StoreError, TokenId,
    User, UserChange, UserId,
};

const PASSWORD: &str = "碳化硅衬底减薄抛光两面";

fn user(store: &mut Store, name: &str, role: Role) -> User {
    let user = NewUser { name, display_name: "", role, broker: None };
    store.add_user(&user, PASSWORD, at(1)).expect("added")
}

fn hours(n: i64) -> Timestamp {
    at(n * 3600)
}

fn events(store: &Store) -> Vec<Event> {
    let rows = store.events(Seq::START, 1000).expect("readable");
    rows.into_iter().map(|row| row.event).collect()
}

#[test]
fn users_are_added_once_under_names_that_can_be_told_apart() {
    let mut f = Fixture::new();
    let new = NewUser {
        name: "  Wang ",
        display_name: "王小明",
        role: Role::Broker,
        broker: Some("小王"),
    };
    let wang = f.store.add_user(&new, PASSWORD, at(1)).expect("added");
    assert_eq!(
        (wang.name.as_str(), wang.shown_name(), wang.role),
        ("Wang", "王小明", Role::Broker)
    );
    assert_eq!((wang.broker.as_deref(), wang.disabled), (Some("小王"), false));
    let again = f.store.add_user(&NewUser { name: "wANG", ..new }, PASSWORD, at(2));
    assert!(matches!(again, Err(StoreError::UserExists { .. })));
    for name in ["", "  ", "a\u{200B}", &"长".repeat(65)] {
        let refused = f.store.add_user(&NewUser { name, ..new }, PASSWORD, at(2));
        assert!(matches!(refused, Err(StoreError::BadEntry { field: "name", .. })), "{name:?}");
    }
    let short = f.store.add_user(&NewUser { name: "李", ..new }, "123456789", at(2));
    assert!(matches!(short, Err(StoreError::BadPassword { given: 9 })));
    let longest = "长".repeat(64);
    user(&mut f.store, &longest, Role::Reader);
    let names: Vec<_> = f.store.users().expect("readable").into_iter().map(|u| u.name).collect();
    assert_eq!(names, ["Wang".to_owned(), longest]);
    assert_eq!(f.store.find_user("wang ").expect("readable"), Some(wang.clone()));
    assert_eq!(f.store.user(wang.id).expect("readable"), Some(wang));
    assert_eq!(f.store.user(UserId(9)).expect("readable"), None);
    assert_eq!(f.store.find_user("").expect("readable"), None);
    assert_sound(&f.store);
}

#[test]
fn a_password_opens_for_its_user_only_and_can_be_changed() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Broker);
    user(&mut f.store, "li", Role::Reader);
    let is = |store: &Store, name: &str, password: &str| {
        store.verify_password(name, password).expect("readable").map(|user| user.name)
    };
    assert_eq!(is(&f.store, "WANG", PASSWORD), Some("wang".to_owned()));
    for (name, password) in
        [("wang", "碳化硅衬底减薄抛光两"), ("zhang", PASSWORD), ("wang", ""), ("", PASSWORD)]
    {
        assert_eq!(is(&f.store, name, password), None, "{name} {password}");
    }
    f.store.set_password(wang.id, "another password", at(5)).expect("changed");
    assert_eq!(is(&f.store, "wang", PASSWORD), None);
    assert_eq!(is(&f.store, "wang", "another password"), Some("wang".to_owned()));
    assert_eq!(is(&f.store, "li", PASSWORD), Some("li".to_owned()));
    let short = f.store.set_password(wang.id, "short", at(6));
    assert!(matches!(short, Err(StoreError::BadPassword { given: 5 })));
    let changed = f.store.user(wang.id).expect("readable").expect("there").changed_at;
    assert_eq!(changed, at(5));
    assert_sound(&f.store);
}

#[test]
fn disabled_users_are_out_at_once_and_come_back() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Office);
    let (_, cookie) = f.store.open_session(Some(wang.id), at(2)).expect("opened");
    let launch = f.store.put_launch_token(Some(wang.id), at(2)).expect("made");
    let new = NewToken {
        label: "脚本",
        role: Role::Admin,
        scopes: &[Permission::Import, Permission::Admin],
        expires_at: hours(1),
        user: Some(wang.id),
    };
    let (token, secret) = f.store.create_token(&new, at(2)).expect("created");
    // The token is no more than its user.
    assert_eq!(token.role, Role::Office);
    assert!(token.may(Permission::Import) && !token.may(Permission::Admin));
    f.store.set_role(wang.id, Role::Reader, at(3)).expect("changed");
    let found = f.store.find_token(secret.expose(), at(3)).expect("readable").expect("valid");
    assert!(!found.may(Permission::Import));
    let session = f.store.find_session(cookie.expose(), at(3)).expect("readable").expect("open");
    assert_eq!(session.role(), Role::Reader);

    f.store.disable_user(wang.id, at(4)).expect("disabled");
    assert!(f.store.find_session(cookie.expose(), at(4)).expect("readable").is_none());
    assert!(f.store.find_token(secret.expose(), at(4)).expect("readable").is_none());
    assert!(f.store.take_launch_token(launch.expose(), at(4)).expect("readable").is_none());
    assert_eq!(f.store.verify_password("wang", PASSWORD).expect("readable"), None);
    let gone = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::UnknownUser { .. })), "{result:?}");
    };
    gone(f.store.open_session(Some(wang.id), at(4)).map(|_| ()));
    gone(f.store.put_launch_token(Some(wang.id), at(4)).map(|_| ()));
    gone(f.store.create_token(&new, at(4)).map(|_| ()));
    gone(f.store.set_role(UserId(77), Role::Admin, at(4)));
    gone(f.store.disable_user(UserId(77), at(4)));
    gone(f.store.set_password(UserId(77), PASSWORD, at(4)));

    f.store.enable_user(wang.id, at(5)).expect("enabled");
    assert!(f.store.verify_password("wang", PASSWORD).expect("readable").is_some());
    assert!(f.store.find_token(secret.expose(), at(5)).expect("readable").is_some());
    assert!(f.store.find_session(cookie.expose(), at(5)).expect("readable").is_none());
    let log = events(&f.store);
    let name = || "wang".to_owned();
    for change in [UserChange::Role(Role::Reader), UserChange::Disabled, UserChange::Enabled] {
        let event = Event::UserChanged { user: wang.id.0, name: name(), change };
        assert!(log.contains(&event), "{event:?}");
    }
    assert!(log.contains(&Event::UserAdded { user: 1, name: name(), role: Role::Office }));
    assert_sound(&f.store);
}

#[test]
fn a_token_is_valid_until_it_expires_or_is_taken_back() {
    let mut f = Fixture::new();
    let new = NewToken {
        label: " 夜间脚本 ",
        role: Role::Broker,
        scopes: &[Permission::Ledger, Permission::Read, Permission::Read],
        expires_at: hours(2),
        user: None,
    };
    let (row, secret) = f.store.create_token(&new, at(0)).expect("created");
    assert_eq!(row.label, "夜间脚本");
    assert_eq!(row.scopes, [Permission::Read, Permission::Ledger]);
    assert!(row.may(Permission::Ledger) && !row.may(Permission::Answer));
    let find = |store: &Store, text: &str, at| store.find_token(text, at).expect("readable");
    let text = secret.expose().to_owned();
    assert!(text.starts_with("dj_") && text.len() == 67);
    assert_eq!(find(&f.store, &text, at(1)), Some(row.clone()));
    let last = hours(2).checked_sub(SignedDuration::from_nanos(1)).expect("a time");
    assert!(find(&f.store, &text, last).is_some());
    assert!(find(&f.store, &text, hours(2)).is_none(), "expired");
    let unknown = format!("dj_{}", "0".repeat(64));
    let upper = text.to_uppercase();
    for malformed in ["", "dj_", &text[..66], &text[3..], &unknown, &upper, &format!(" {text}")] {
        assert!(find(&f.store, malformed, at(1)).is_none(), "{malformed}");
    }
    for (bad, field) in [
        (NewToken { label: " ", ..new }, "label"),
        (NewToken { scopes: &[], ..new }, "scopes"),
        (NewToken { expires_at: at(0), ..new }, "expiry"),
    ] {
        let refused = f.store.create_token(&bad, at(0)).expect_err("refused");
        assert!(matches!(refused, StoreError::BadEntry { field: of, .. } if of == field));
    }
    f.store.revoke_token(row.id, at(7)).expect("taken back");
    assert!(find(&f.store, &text, at(7)).is_none());
    f.store.revoke_token(row.id, at(8)).expect("taken back before");
    assert_eq!(f.store.tokens().expect("readable")[0].revoked_at, Some(at(7)));
    let unknown = f.store.revoke_token(TokenId(9), at(8)).expect_err("unknown");
    assert!(matches!(unknown, StoreError::UnknownToken { id: 9 }));
    let log = events(&f.store);
    let revoked = Event::TokenRevoked { token: 1, label: row.label };
    assert_eq!(log.iter().filter(|event| **event == revoked).count(), 1);
    let raised = f.store.conn.execute("UPDATE tokens SET revoked_at = NULL", []);
    assert!(raised.is_err(), "a token that was taken back stays so");
    assert_sound(&f.store);
}

#[test]
fn that_a_token_is_used_is_written_once_an_hour() {
    let mut f = Fixture::new();
    let new = NewToken {
        label: "脚本",
        role: Role::Reader,
        scopes: &[Permission::Read],
        expires_at: hours(99),
        user: None,
    };
    let (row, secret) = f.store.create_token(&new, at(0)).expect("created");
    assert!(row.use_is_due(at(0)));
    assert!(f.store.touch_token(row.id, at(10)).expect("written"));
    let before = f.store.head().expect("readable");
    let reader = Store::open_read_only(&f.path()).expect("opened");
    let used = |at| reader.find_token(secret.expose(), at).expect("readable").expect("valid");
    assert_eq!(used(at(20)).used_at, Some(at(10)));
    assert!(!used(at(20)).use_is_due(at(3609)) && used(at(20)).use_is_due(at(3610)));
    assert!(!f.store.touch_token(row.id, at(3609)).expect("not yet"));
    assert!(f.store.touch_token(row.id, at(3610)).expect("written"));
    assert_eq!(used(at(3611)).used_at, Some(at(3610)));
    assert_eq!(f.store.head().expect("readable"), before, "it is no event");
    assert!(matches!(f.store.touch_token(TokenId(5), at(1)), Err(StoreError::UnknownToken { .. })));
    assert_sound(&f.store);
}

#[test]
fn a_session_ends_when_idle_and_after_a_week() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Broker);
    let (session, cookie) = f.store.open_session(Some(wang.id), at(0)).expect("opened");
    let (other, other_cookie) = f.store.open_session(Some(wang.id), at(0)).expect("opened");
    let text = cookie.expose().to_owned();
    let open = |store: &Store, at| store.find_session(&text, at).expect("readable").is_some();
    assert_eq!(session.user.as_ref(), Some(&wang));
    assert!(open(&f.store, at(1)));
    assert!(open(&f.store, hours(11)) && !open(&f.store, at(0) + SESSION_IDLE));
    // Seen every eleven hours it lasts for a week.
    let mut now = at(0);
    while now + SignedDuration::from_hours(11) < at(0) + SESSION_LONGEST {
        now += SignedDuration::from_hours(11);
        assert!(open(&f.store, now));
        assert!(f.store.touch_session(session.id, now).expect("written"));
        assert!(
            !f.store.touch_session(session.id, now + SignedDuration::from_secs(299)).expect("no")
        );
    }
    assert!(open(&f.store, at(0) + SESSION_LONGEST - SignedDuration::from_secs(1)));
    assert!(!open(&f.store, at(0) + SESSION_LONGEST));
    assert_eq!(f.store.sweep_sessions(now).expect("swept"), 1, "the one that nobody saw");
    assert!(!f.store.touch_session(other.id, now).expect("gone"));
    assert!(f.store.find_session(other_cookie.expose(), at(1)).expect("readable").is_none());
    assert!(f.store.close_session(session.id).expect("closed"));
    assert!(!f.store.close_session(session.id).expect("closed before"));
    assert!(!open(&f.store, now));
    for malformed in ["", "dj_", &"0".repeat(64), &text[1..], &format!("{text} ")] {
        assert!(f.store.find_session(malformed, at(1)).expect("readable").is_none());
    }
    assert_sound(&f.store);
}

#[test]
fn forms_belong_to_one_session() {
    let mut f = Fixture::new();
    let (session, cookie) = f.store.open_session(None, at(0)).expect("opened");
    let (other, _) = f.store.open_session(None, at(0)).expect("opened");
    assert_eq!((session.role(), session.user.is_none()), (Role::Admin, true));
    let found = f.store.find_session(cookie.expose(), at(1)).expect("readable").expect("open");
    assert!(found.csrf.matches(session.csrf.expose()));
    assert!(!found.csrf.matches(other.csrf.expose()) && !found.csrf.matches(cookie.expose()));
    assert_eq!(found.csrf.expose().len(), 64);
    assert!(!format!("{found:?}").contains(found.csrf.expose()));
}

#[test]
fn sessions_end_with_the_password_or_all_at_once() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Broker);
    let li = user(&mut f.store, "li", Role::Broker);
    let open = |store: &mut Store, user: &User| {
        store.open_session(Some(user.id), at(0)).expect("opened").1
    };
    let (a, b) = (open(&mut f.store, &wang), open(&mut f.store, &li));
    f.store.set_password(wang.id, "another password", at(1)).expect("changed");
    assert!(f.store.find_session(a.expose(), at(1)).expect("readable").is_none());
    assert!(f.store.find_session(b.expose(), at(1)).expect("readable").is_some());
    open(&mut f.store, &li);
    assert_eq!(f.store.close_sessions_of(li.id).expect("closed"), 2);
    assert!(f.store.find_session(b.expose(), at(1)).expect("readable").is_none());
}

#[test]
fn a_launch_token_opens_one_session_within_minutes() {
    let mut f = Fixture::new();
    let token = f.store.put_launch_token(None, at(0)).expect("made");
    let late = f.store.put_launch_token(None, at(0)).expect("made");
    assert!(f.store.find_session(token.expose(), at(1)).expect("readable").is_none());
    let (session, cookie) =
        f.store.take_launch_token(token.expose(), at(9)).expect("taken").expect("opened");
    assert_eq!(session.role(), Role::Admin);
    assert!(f.store.find_session(cookie.expose(), at(10)).expect("readable").is_some());
    assert!(f.store.take_launch_token(token.expose(), at(9)).expect("readable").is_none(), "used");
    let end = at(0) + LAUNCH_LASTS;
    assert!(f.store.take_launch_token(late.expose(), end).expect("readable").is_none(), "late");
    for malformed in ["", "launch_", cookie.expose(), "launch_xyz"] {
        assert!(f.store.take_launch_token(malformed, at(1)).expect("readable").is_none());
    }
    f.store.put_launch_token(None, at(0)).expect("made");
    assert_eq!(f.store.sweep_sessions(end).expect("swept"), 1);
    assert_sound(&f.store);
}

fn access(n: i64, actor: Actor, record: &str) -> AccessRow {
    AccessRow {
        at: at(n),
        actor,
        kind: AccessKind::Record,
        side: Some(Side::Supply),
        record: Some(id(record)),
        visibility: Some(Visibility::Internal),
    }
}

#[test]
fn accesses_are_found_by_who_what_and_when() {
    let mut f = Fixture::new();
    let wang = Actor::User { id: UserId(1), label: "王".to_owned() };
    let script = Actor::Token { id: TokenId(1), label: "脚本".to_owned() };
    let login = AccessRow {
        at: at(30),
        actor: wang.clone(),
        kind: AccessKind::Login,
        side: None,
        record: None,
        visibility: None,
    };
    let mut rows = vec![access(10, wang, "S1"), access(20, script, "S1"), login];
    rows.push(access(40, Actor::Local, "S2"));
    f.store.note_access(&rows).expect("entered");
    f.store.note_access(&[]).expect("nothing to enter");
    rows.reverse();
    let found = |filter: AccessFilter, limit| f.store.audit(&filter, limit).expect("readable");
    let all = AccessFilter::default;
    assert_eq!(found(all(), 10), rows);
    assert_eq!(found(all(), 2), rows[..2]);
    let of = |places: &[usize]| places.iter().map(|&at| rows[at].clone()).collect::<Vec<_>>();
    assert_eq!(found(AccessFilter { user: Some(UserId(1)), ..all() }, 10), of(&[1, 3]));
    assert_eq!(found(AccessFilter { token: Some(TokenId(1)), ..all() }, 10), of(&[2]));
    assert_eq!(found(AccessFilter { kind: Some(AccessKind::Login), ..all() }, 10), of(&[1]));
    let record = Some((Side::Supply, id("S1")));
    assert_eq!(found(AccessFilter { record, ..all() }, 10), of(&[2, 3]));
    let record = Some((Side::Demand, id("S1")));
    assert_eq!(found(AccessFilter { record, ..all() }, 10), []);
    let (since, until) = (Some(at(20)), Some(at(40)));
    assert_eq!(found(AccessFilter { since, until, ..all() }, 10), of(&[1, 2]));
    assert_sound(&f.store);
}

#[test]
fn accesses_stay_for_180_days() {
    let mut f = Fixture::new();
    let days = |n: i64| at(n * 86_400);
    let on = |n: i64| AccessRow { at: days(n), ..access(0, Actor::Local, "S1") };
    let rows: Vec<_> = (0..2500).map(|n| on(n / 500)).chain([on(100)]).collect();
    f.store.note_access(&rows).expect("entered");
    // Nothing can be changed, and what is young cannot be deleted, whoever asks.
    for sql in [
        "UPDATE accesses SET label = 'x' WHERE id = 1",
        "DELETE FROM accesses WHERE id = 2501",
        "DELETE FROM accesses",
    ] {
        assert!(f.store.conn.execute(sql, []).is_err(), "{sql}");
    }
    let early = f.store.sweep_audit(days(4), days(183)).expect_err("too young");
    assert!(matches!(early, StoreError::KeptLonger { until, .. } if until == days(3)), "{early}");
    assert_eq!(AUDIT_KEPT, SignedDuration::from_hours(180 * 24));
    assert_eq!(f.store.sweep_audit(days(0), days(183)).expect("swept"), 0, "there are none");
    assert_eq!(f.store.audit(&AccessFilter::default(), 9999).expect("readable").len(), 2501);
    assert_eq!(f.store.sweep_audit(days(3), days(183)).expect("swept"), 1500);
    let left = f.store.audit(&AccessFilter::default(), 9999).expect("readable");
    assert_eq!(left.len(), 2501 - 1500 + 1);
    assert_eq!((left[0].kind, left[0].at), (AccessKind::Sweep, days(183)));
    assert!(left.iter().all(|row| row.at >= days(3)));
    assert!(f.store.largest_write <= 3 * 1000, "{} rows at once", f.store.largest_write);
    assert_sound(&f.store);
}

#[test]
fn saved_texts_belong_to_their_users() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Reader).id;
    let filters = json!({"region": ["浙江"]});
    let new = NewQuery {
        user: Some(wang),
        name: "减薄",
        side: Side::Demand,
        text: " 碳化硅衬底减薄 ",
        filters: &filters,
    };
    let saved = f.store.save_query(&new, at(1)).expect("saved");
    assert_eq!((saved.text.as_str(), &saved.filters), ("碳化硅衬底减薄", &filters));
    let local = f.store.save_query(&NewQuery { user: None, ..new }, at(2)).expect("saved");
    for (bad, field) in [
        (new, "name"),
        (NewQuery { user: None, ..new }, "name"),
        (NewQuery { name: "", ..new }, "name"),
        (NewQuery { name: "二", text: "  ", ..new }, "text"),
        (NewQuery { name: "二", text: &"长".repeat(20_001), ..new }, "text"),
        (NewQuery { name: "二", filters: &json!([1]), ..new }, "filters"),
        (NewQuery { name: "二", filters: &json!({"x": "y".repeat(17_000)}), ..new }, "filters"),
    ] {
        let refused = f.store.save_query(&bad, at(3)).expect_err("refused");
        assert!(matches!(refused, StoreError::BadEntry { field: of, .. } if of == field));
    }
    let nobody = f.store.save_query(&NewQuery { user: Some(UserId(9)), ..new }, at(3));
    assert!(matches!(nobody, Err(StoreError::UnknownUser { .. })));
    let of = |store: &Store, user| store.saved_queries(user).expect("readable");
    assert_eq!(of(&f.store, Some(wang)), std::slice::from_ref(&saved));
    assert_eq!(of(&f.store, None), std::slice::from_ref(&local));
    // Another user's are not there.
    assert!(!f.store.mark_query_seen(None, saved.id, "2026-11-20-1").expect("not there"));
    assert!(!f.store.delete_query(Some(wang), local.id).expect("not there"));
    assert!(f.store.mark_query_seen(Some(wang), saved.id, "2026-11-20-1").expect("marked"));
    let seen = Some("2026-11-20-1".to_owned());
    assert_eq!(of(&f.store, Some(wang)), [SavedQuery { seen_run: seen, ..saved.clone() }]);
    assert!(f.store.delete_query(Some(wang), saved.id).expect("deleted"));
    assert_eq!(of(&f.store, Some(wang)), []);
    assert_sound(&f.store);
    for n in 0..200 {
        f.store.save_query(&NewQuery { name: &format!("{n}"), ..new }, at(4)).expect("saved");
    }
    assert!(f.store.save_query(&NewQuery { name: "x", ..new }, at(5)).is_err());
}

/// A store with something in every table of this part, and the secrets that were handed out.
fn filled() -> (Fixture, Vec<String>) {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Admin).id;
    let new = NewToken {
        label: "脚本",
        role: Role::Reader,
        scopes: &[Permission::Read],
        expires_at: hours(99),
        user: Some(wang),
    };
    let (token, secret) = f.store.create_token(&new, at(1)).expect("created");
    f.store.touch_token(token.id, at(1)).expect("used");
    let (session, cookie) = f.store.open_session(Some(wang), at(1)).expect("opened");
    f.store.touch_session(session.id, hours(1)).expect("seen");
    let launch = f.store.put_launch_token(Some(wang), at(1)).expect("made");
    let used = f.store.put_launch_token(None, at(1)).expect("made");
    let (local, local_cookie) =
        f.store.take_launch_token(used.expose(), at(2)).expect("taken").expect("opened");
    f.store.note_access(&[access(5, Actor::Local, "S1")]).expect("entered");
    let filters = json!({});
    let side = Side::Demand;
    let query = NewQuery { user: None, name: "减薄", side, text: "减薄", filters: &filters };
    f.store.save_query(&query, at(1)).expect("saved");
    let mut secrets = vec![PASSWORD.to_owned()];
    for secret in [&secret, &cookie, &launch, &used, &local_cookie, &session.csrf, &local.csrf] {
        secrets.push(secret.expose().to_owned());
    }
    (f, secrets)
}

#[test]
fn no_secret_is_in_the_store() {
    let (f, secrets) = filled();
    let search = |path: &std::path::Path| {
        // The log and its index need not be there.
        let bytes = fs::read(path).unwrap_or_default();
        for secret in &secrets {
            // Also not as the bytes that its digits stand for.
            let digits = secret.rsplit('_').next().unwrap_or(secret);
            let raw: Vec<u8> = digits
                .as_bytes()
                .chunks(2)
                .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            for found in [secret.as_bytes(), digits.as_bytes(), &raw] {
                let there =
                    found.len() >= 20 && bytes.windows(found.len()).any(|window| window == found);
                assert!(!there, "{secret} is in {}", path.display());
            }
        }
        bytes.len()
    };
    let files = Store::files(&f.path());
    let n_bytes: usize = files.iter().map(|file| search(file)).sum();
    assert!(n_bytes > 100_000, "the files were not read");
    let path = f.path();
    let reopened = f.reopen();
    drop(reopened.store);
    search(&path);
    // Neither is it shown where things are printed for debugging.
    let shown = format!("{:?}", Store::open(&path, at(9)).expect("opened").tokens());
    assert!(secrets.iter().all(|secret| !shown.contains(secret)));
}

#[test]
fn a_restored_store_has_users_and_tokens_but_no_session() {
    let mut f = Fixture::new();
    let wang = user(&mut f.store, "wang", Role::Broker).id;
    let (_, cookie) = f.store.open_session(Some(wang), at(1)).expect("opened");
    let launch = f.store.put_launch_token(None, at(1)).expect("made");
    let copy = f.dir.path().join("copy.db");
    f.store.backup_to(&copy).expect("copied");
    let path = f.path();
    drop(f.store);
    Store::restore(&copy, &path, at(2)).expect("restored");
    let mut store = Store::open(&path, at(3)).expect("opened");
    assert!(store.verify_password("wang", PASSWORD).expect("readable").is_some());
    assert!(store.find_session(cookie.expose(), at(3)).expect("readable").is_none());
    assert!(store.take_launch_token(launch.expose(), at(3)).expect("readable").is_none());
    assert_sound(&store);
}

#[test]
fn tampering_is_found() {
    let (f, _) = filled();
    assert_sound(&f.store);
    let run = |sql: &str| f.store.conn.execute_batch(sql).expect("changed");
    run("DROP TRIGGER accesses_are_not_changed; DROP TRIGGER accesses_are_kept");
    for sql in [
        "UPDATE users SET role = 'reader'",
        "UPDATE tokens SET scopes = 'read,admin'",
        "UPDATE sessions SET user = NULL WHERE id = 1",
        "UPDATE launches SET expires_at = '2036-01-01T00:00:00Z'",
        "UPDATE accesses SET record = 'S2'",
        "UPDATE saved_queries SET text = 'x'",
    ] {
        run(sql);
    }
    let findings = f.store.integrity().expect("checked");
    for table in ["users", "tokens", "sessions", "launches", "accesses", "saved_queries"] {
        let expected = Finding::Row { table: table.to_owned(), row: 1 };
        assert!(findings.contains(&expected), "{expected:?} is not among {findings:?}");
    }
    run("DELETE FROM accesses");
    let findings = f.store.integrity().expect("checked");
    let missing = Finding::Total { name: "accesses".to_owned(), kept: 1, counted: 0 };
    assert!(findings.contains(&missing), "{findings:?}");
    for sql in ["DELETE FROM users", "DELETE FROM tokens"] {
        assert!(f.store.conn.execute(sql, []).is_err(), "{sql}");
    }
}
