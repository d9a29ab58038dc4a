//! Rows at unit length.

/// Scales a row to unit length; leaves zeros alone; `None` where the length is not finite.
///
/// The length is taken in `f64` in the order of the row, so that every machine gets the same bits.
pub(super) fn normalise(row: &mut [f32]) -> Option<()> {
    let square: f64 = row.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
    let length = square.sqrt();
    if !length.is_finite() {
        return None;
    }
    if length > 0.0 {
        for value in row {
            #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
            let scaled = (f64::from(*value) / length) as f32;
            *value = scaled;
        }
    }
    Some(())
}
