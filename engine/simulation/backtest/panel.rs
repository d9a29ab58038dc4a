//! Yearly series of groups.

use crate::simulation::SimulationError;

/// One year's values by group.
type Row = Vec<Option<f64>>;

/// Yearly series of groups, with gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Years, ascending, those without data left out.
    pub years: Vec<i32>,
    /// Output in 万元, `[n_years][n_groups]`; positive, `None` where unknown.
    pub outputs: Vec<Vec<Option<f64>>>,
    /// Firms, `[n_years][n_groups]`; positive, `None` where unknown.
    pub firms: Vec<Vec<Option<f64>>>,
}

impl Panel {
    /// Checks shapes and values.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Shape`] with the first thing that does not fit.
    pub fn check(&self) -> Result<(), SimulationError> {
        let rows = |table: &Vec<Vec<Option<f64>>>| {
            table.len() == self.years.len()
                && table.iter().all(|row| row.len() == self.groups.len())
        };
        let good = |table: &Vec<Vec<Option<f64>>>| {
            table.iter().flatten().flatten().all(|it| it.is_finite() && *it > 0.0)
        };
        let wrong = if self.groups.is_empty() || self.groups.len() > 511 {
            "groups must be 1 to 511"
        } else if !self.years.windows(2).all(|pair| pair[0] < pair[1]) {
            "years must ascend"
        } else if !rows(&self.outputs) || !rows(&self.firms) {
            "outputs and firms need one row per year and one column per group"
        } else if !good(&self.outputs) || !good(&self.firms) {
            "outputs and firms must be positive"
        } else {
            return Ok(());
        };
        Err(SimulationError::Shape(wrong))
    }

    /// Log₂ growth per year of all groups together between neighbouring years of the first `n`:
    /// over the groups known in both. `None` where there are none.
    pub(super) fn national(outputs: &[Vec<Option<f64>>], years: &[i32]) -> Vec<Option<f64>> {
        let pair = |(rows, years): (&[Vec<Option<f64>>], &[i32])| {
            let both = rows[0].iter().zip(&rows[1]).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
            let (before, after) = both.fold((0.0, 0.0), |(x, y), (a, b)| (x + a, y + b));
            (before > 0.0).then(|| (after / before).log2() / f64::from(years[1] - years[0]))
        };
        outputs.windows(2).zip(years.windows(2)).map(pair).collect()
    }

    /// Log₂ growth per year relative to all groups, `[n_years − 1][n_groups]`.
    pub(super) fn relative(outputs: &[Vec<Option<f64>>], years: &[i32]) -> Vec<Vec<Option<f64>>> {
        let national = Self::national(outputs, years);
        let steps = outputs.windows(2).zip(years.windows(2)).zip(national);
        let step = |((rows, years), national): ((&[Row], &[i32]), Option<f64>)| {
            let length = f64::from(years[1] - years[0]);
            let one = |(a, b): (&Option<f64>, &Option<f64>)| {
                Some((((*b)? / (*a)?).log2()) / length - national?)
            };
            rows[0].iter().zip(&rows[1]).map(one).collect()
        };
        steps.map(step).collect()
    }

    /// Known values of a group up to the year at `last`: (year, output).
    pub(super) fn series(&self, group: usize, last: usize) -> Vec<(i32, f64)> {
        let years = self.years.iter().zip(&self.outputs).take(last + 1);
        years.filter_map(|(year, row)| Some((*year, row[group]?))).collect()
    }

    /// The group's firms at the year at `last` or the nearest known year before it.
    pub(super) fn firms_at(&self, group: usize, last: usize) -> Option<f64> {
        self.firms[..=last].iter().rev().find_map(|row| row[group])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_per_year_across_gaps_and_relative_to_all() {
        let panel = Panel {
            groups: vec!["甲".to_owned(), "乙".to_owned(), "丙".to_owned()],
            years: vec![2010, 2011, 2013],
            outputs: vec![
                vec![Some(1.0), Some(3.0), None],
                vec![Some(2.0), Some(6.0), Some(5.0)],
                vec![Some(32.0), None, Some(20.0)],
            ],
            firms: vec![vec![None, Some(4.0), None], vec![None; 3], vec![None; 3]],
        };
        assert_eq!(panel.check(), Ok(()));
        let national = Panel::national(&panel.outputs, &panel.years);
        assert_eq!(national[0], Some(1.0));
        // 7 to 52 within two years, 乙 is not known in both.
        let second = (52.0_f64 / 7.0).log2() / 2.0;
        assert_eq!(national[1], Some(second));
        let relative = Panel::relative(&panel.outputs, &panel.years);
        assert_eq!(relative[0], [Some(0.0), Some(0.0), None]);
        assert_eq!(relative[1], [Some(2.0 - second), None, Some(1.0 - second)]);
        assert_eq!(panel.series(1, 2), [(2010, 3.0), (2011, 6.0)]);
        assert_eq!((panel.firms_at(1, 2), panel.firms_at(0, 2)), (Some(4.0), None));
        let negative = Panel { outputs: vec![vec![Some(-1.0); 3]; 3], ..panel };
        assert!(negative.check().is_err());
    }
}
