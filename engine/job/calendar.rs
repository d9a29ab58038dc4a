//! Which day a night is for, and which nights are missing.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// Most missed nights that are named; a workspace that slept longer says how many.
const NAMED: usize = 31;

/// The reference date of a night, and a warning where the clock seems to have gone back.
///
/// A date that was asked for counts. Otherwise it is today, but never a day before the last
/// published one: after a flat battery the clock shows an early year, and lists as of that day
/// would revive what has expired. The later of the two counts, and it is said.
#[must_use]
pub(super) fn reference_date(
    asked: Option<Date>,
    today: Date,
    published: Option<Date>,
) -> (Date, bool) {
    match (asked, published) {
        (Some(asked), _) => (asked, false),
        (None, Some(published)) if today < published => (published, true),
        (None, _) => (today, false),
    }
}

/// Days between the last published reference date and this one, in which there was no night: the
/// last 31 of them, and how many there are in all.
#[must_use]
pub(super) fn missed_nights(published: Option<Date>, as_of: Date) -> (Vec<Date>, u32) {
    let Some(published) = published.filter(|published| *published < as_of) else {
        return (Vec::new(), 0);
    };
    let mut days: Vec<Date> = Vec::new();
    let mut n = 0;
    let mut day = as_of;
    while let Ok(before) = day.checked_sub(Span::new().days(1)) {
        if before <= published {
            break;
        }
        n += 1;
        if days.len() < NAMED {
            days.push(before);
        }
        day = before;
    }
    days.reverse();
    (days, n)
}

/// Whether so many hours have gone by without success; never successful counts as long ago. A
/// success in the future, seen from a clock that went back, is not old.
#[must_use]
pub fn is_stale(last_success: Option<Timestamp>, now: Timestamp, hours: u32) -> bool {
    last_success.is_none_or(|last| now.duration_since(last).as_secs() >= i64::from(hours) * 3_600)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_reference_date_never_goes_back_by_itself() {
        let (early, late) = (date(2026, 1, 1), date(2026, 11, 20));
        assert_eq!(reference_date(None, late, Some(early)), (late, false));
        assert_eq!(reference_date(None, early, Some(late)), (late, true));
        assert_eq!(reference_date(Some(early), late, Some(late)), (early, false));
        assert_eq!(reference_date(None, late, Some(late)), (late, false));
    }

    #[test]
    fn missed_nights_are_the_days_between() {
        let last = date(2026, 11, 16);
        assert_eq!(missed_nights(Some(last), date(2026, 11, 17)), (vec![], 0));
        assert_eq!(
            missed_nights(Some(last), date(2026, 11, 19)),
            (vec![date(2026, 11, 17), date(2026, 11, 18)], 2)
        );
        assert_eq!(missed_nights(None, last), (vec![], 0));
        assert_eq!(missed_nights(Some(last), last), (vec![], 0));
        let (named, n) = missed_nights(Some(date(2026, 1, 1)), date(2026, 11, 19));
        assert_eq!((named.len(), n), (31, 321));
        assert_eq!(named.last(), Some(&date(2026, 11, 18)));
    }

    #[test]
    fn red_begins_after_the_hours() {
        let now = Timestamp::from_second(1_000_000_000).expect("a time");
        let ago =
            |seconds: i64| Some(Timestamp::from_second(1_000_000_000 - seconds).expect("a time"));
        assert!(!is_stale(ago(36 * 3_600 - 1), now, 36));
        assert!(is_stale(ago(36 * 3_600), now, 36));
        assert!(is_stale(None, now, 36));
        assert!(!is_stale(ago(-5), now, 36));
    }
}
