//! How far two assessors agree who graded the same pairs.

/// Grades of relevance, 0 to 3: as many rows and columns as a table of two assessors has.
pub const GRADES: usize = 4;

/// Counts of pairs by the first assessor's grade (rows) and the second's (columns).
pub type GradeTable = [[u32; GRADES]; GRADES];

/// Cohen's kappa (Cohen 1960, eq. 1): the agreement beyond chance, 1 for perfect, 0 for none.
///
/// `None` without pairs, and where chance alone would agree always: both gave one and the same
/// grade throughout.
#[must_use]
pub fn kappa(table: &GradeTable) -> Option<f64> {
    weighted(table, |a, b| f64::from(u8::from(a != b)))
}

/// Cohen's weighted kappa (Cohen 1968) with quadratic weights: a disagreement counts by the square
/// of its distance, as grades have an order. `None` as for [`kappa`].
#[must_use]
pub fn weighted_kappa(table: &GradeTable) -> Option<f64> {
    weighted(table, |a, b| (a.abs_diff(b) * a.abs_diff(b)) as f64)
}

/// One less the disagreement that was seen over the one that chance would bring.
fn weighted(table: &GradeTable, cost: impl Fn(usize, usize) -> f64) -> Option<f64> {
    let n = f64::from(table.iter().flatten().sum::<u32>());
    let row = |a: usize| f64::from(table[a].iter().sum::<u32>());
    let column = |b: usize| f64::from(table.iter().map(|row| row[b]).sum::<u32>());
    let (mut seen, mut by_chance) = (0.0, 0.0);
    for (a, counts) in table.iter().enumerate() {
        for (b, &count) in counts.iter().enumerate() {
            seen += cost(a, b) * f64::from(count);
            by_chance += cost(a, b) * row(a) * column(b) / n;
        }
    }
    (by_chance > 0.0).then(|| 1.0 - seen / by_chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_is_that_of_a_worked_table() {
        // Two grades, 20 and 15 on the diagonal, 5 and 10 beside it: p_o = 0.7, p_e = 0.5.
        let mut table = GradeTable::default();
        (table[0][0], table[0][1], table[1][0], table[1][1]) = (20, 5, 10, 15);
        let found = kappa(&table).expect("they differ");
        assert!((found - 0.4).abs() < 1e-12, "{found}");
        // With two neighbouring grades the weights are the same.
        assert_eq!(weighted_kappa(&table), Some(found));
    }

    #[test]
    fn near_grades_cost_less() {
        let mut near = GradeTable::default();
        let mut far = GradeTable::default();
        for grade in 0..GRADES {
            (near[grade][grade], far[grade][grade]) = (5, 5);
        }
        (near[2][3], far[0][3]) = (4, 4);
        assert!(weighted_kappa(&near) > weighted_kappa(&far));
        assert!(kappa(&near).expect("they differ") < 1.0);
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let mut table = GradeTable::default();
        assert_eq!(kappa(&table), None);
        table[2][2] = 9;
        assert_eq!(kappa(&table), None);
        table[1][1] = 1;
        assert_eq!(kappa(&table), Some(1.0));
        assert_eq!(weighted_kappa(&table), Some(1.0));
    }
}
