//! Functions of probability that the standard library lacks.

/// ln Γ(x) for x > 0 by Stirling's series after a shift to arguments above 8; relative error below
/// 10⁻⁹.
pub(super) fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 8.0 {
        shift += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

/// Q(a, x) = Γ(a, x)/Γ(a): by the series of its complement below a + 1, else by the continued
/// fraction (Abramowitz and Stegun 6.5.29, 6.5.31).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-16 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    // Lentz's method: c and d are ratios of successive numerators and denominators.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for i in 1..500 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// The probability that χ² with `degrees` degrees of freedom exceeds `statistic`.
pub(super) fn chi_squared_tail(statistic: f64, degrees: f64) -> f64 {
    upper_gamma(degrees / 2.0, statistic / 2.0)
}

/// Φ(z), by the incomplete gamma function of ½.
pub(super) fn normal_cdf(z: f64) -> f64 {
    let tail = upper_gamma(0.5, z * z / 2.0) / 2.0;
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Φ⁻¹(p) for 0 < p < 1: bisection of Φ, to 10⁻¹².
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    while high - low > 1e-12 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_tables() {
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-9);
        assert!((ln_gamma(5.0) - 24_f64.ln()).abs() < 1e-9);
        assert!((normal_cdf(1.96) - 0.975_002_104_9).abs() < 1e-9);
        assert!((normal_cdf(-3.0) - 0.001_349_898_0).abs() < 1e-9);
        assert!((normal_quantile(0.975) - 1.959_963_985).abs() < 1e-8);
        // 5 % points of χ² with 1 and 9 degrees.
        assert!((chi_squared_tail(3.841_459, 1.0) - 0.05).abs() < 1e-6);
        assert!((chi_squared_tail(16.918_978, 9.0) - 0.05).abs() < 1e-6);
        assert!((chi_squared_tail(0.0, 4.0) - 1.0).abs() < 1e-15);
    }
}
