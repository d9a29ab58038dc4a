//! The words between a property and its number.

use std::ops::Range;

use super::comparator::{self, Before, Comparator};
use super::reader::Reader;
use super::{change, phrase};

/// Most words between a property and its number (仅约为): more never stand there.
pub(super) const MAX_LINKS: usize = 8;

/// What the words before a number say.
#[derive(Debug)]
pub(super) struct Lead {
    /// Where these words begin; the property ends here.
    pub(super) start: usize,
    /// The property does not begin before this place.
    pub(super) floor: usize,
    /// The comparator and its characters.
    pub(super) compares: Option<(Comparator, Range<usize>)>,
    pub(super) is_better: bool,
    /// 至 or 到 stood there: the end of a change.
    pub(super) is_level: bool,
    /// A verb that takes the number as an amount of what follows it.
    pub(super) takes: bool,
    /// 的 stood there.
    pub(super) is_of: bool,
}

impl Reader<'_> {
    /// Reads the words before `at` backwards, up to a property, another word or the floor.
    pub(super) fn lead(&self, floor: usize, at: usize) -> Lead {
        let scan = self.scan;
        let mut lead = Lead {
            start: at,
            floor,
            compares: None,
            is_better: false,
            is_level: false,
            takes: false,
            is_of: false,
        };
        for _ in 0..MAX_LINKS {
            // A word of linking inside the name of a property is part of the name.
            let named = self.hit_ending_at(lead.start).is_some_and(|hit| hit.end - hit.start >= 2);
            if named || change::before(scan, floor, lead.start).is_some_and(|(n, _)| n >= 2) {
                break;
            }
            let Some((length, word)) = comparator::before(scan, lead.floor, lead.start) else {
                // `粒径(D50)≤10μm`: a remark stands between, perhaps with a number of its own.
                let outside = phrase::before_remark(scan, lead.start);
                if outside < lead.start {
                    lead.start = outside;
                    lead.floor = lead.floor.min(phrase::clause_start(scan, outside));
                    continue;
                }
                break;
            };
            lead.start -= length;
            match word {
                Before::Compares(comparator) => {
                    if lead.compares.as_ref().is_none_or(|(kept, _)| weak_comparator(*kept)) {
                        lead.compares = Some((comparator, lead.start..lead.start + length));
                    }
                }
                Before::Better => {
                    lead.is_better = true;
                    lead.compares = Some((Comparator::MoreThan, lead.start..lead.start + length));
                }
                Before::Links => lead.is_of |= scan.at(lead.start) == '的',
                Before::LinksLevel => lead.is_level = true,
                Before::Takes => {
                    lead.takes = true;
                    break;
                }
            }
        }
        lead
    }

    /// The word of change that ends at `at`; none inside the name of a property.
    pub(super) fn change_before(&self, floor: usize, at: usize) -> Option<(usize, change::Change)> {
        let found = change::before(self.scan, floor, at)?;
        let covered = self.hit_ending_at(at).is_some_and(|hit| hit.end - hit.start > found.0);
        (!covered).then_some(found)
    }

    /// Where the subject of 是…的5倍 ends, looking back from `at`.
    pub(super) fn compared_subject(&self, at: usize) -> Option<usize> {
        let start = phrase::clause_start(self.scan, at);
        (start..at).rev().find(|&place| {
            matches!(self.scan.at(place), '是' | '为') || self.scan.starts(place, "相当于")
        })
    }
}

/// Whether a comparator word gives way to a firmer one.
pub(super) fn weak_comparator(comparator: Comparator) -> bool {
    matches!(comparator, Comparator::About | Comparator::Reaches)
}
