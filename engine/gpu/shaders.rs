//! The kernels: their files, their bindings, and how includes are put in.
//!
//! A line `#import name` is replaced by `shaders/shared/name.wgsl`; each include is taken once and
//! includes do not import. There are no conditionals.

use std::collections::BTreeSet;

/// What the shader sees of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A uniform buffer: the parameters.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is read and written.
    ReadWrite,
}

/// One kernel: a WGSL file with one entry point `main`.
#[derive(Debug)]
pub struct Kernel {
    /// Path of the file within the project.
    pub file: &'static str,
    /// Names and access of the bindings of group 0, in binding order.
    pub bindings: &'static [(&'static str, Access)],
    source: &'static str,
}

/// Scores a chunk of documents and keeps candidates.
pub(super) static TOP_K_SCORES: Kernel = Kernel {
    file: "shaders/top_k_scores.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("queries", Access::Read),
        ("documents", Access::Read),
        ("states", Access::ReadWrite),
        ("candidates", Access::ReadWrite),
        ("allowed", Access::Read),
    ],
    source: include_str!("../../shaders/top_k_scores.wgsl"),
};

/// What the coarse kernels of scores bind: as the one in `f32`, and the scales.
const COARSE_BINDINGS: &[(&str, Access)] = &[
    ("params", Access::Uniform),
    ("queries", Access::Read),
    ("documents", Access::Read),
    ("states", Access::ReadWrite),
    ("candidates", Access::ReadWrite),
    ("allowed", Access::Read),
    ("scales", Access::Read),
];

/// The same on packed 16-bit floats.
pub(super) static TOP_K_SCORES_F16: Kernel = Kernel {
    file: "shaders/top_k_scores_f16.wgsl",
    bindings: COARSE_BINDINGS,
    source: include_str!("../../shaders/top_k_scores_f16.wgsl"),
};

/// The same on packed 8-bit integers.
pub(super) static TOP_K_SCORES_I8: Kernel = Kernel {
    file: "shaders/top_k_scores_i8.wgsl",
    bindings: COARSE_BINDINGS,
    source: include_str!("../../shaders/top_k_scores_i8.wgsl"),
};

/// Reduces candidates to the best k.
pub(super) static TOP_K_REFINE: Kernel = Kernel {
    file: "shaders/top_k_refine.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("states", Access::ReadWrite),
        ("candidates", Access::ReadWrite),
        ("overflows", Access::ReadWrite),
    ],
    source: include_str!("../../shaders/top_k_refine.wgsl"),
};

/// Scores listed pairs.
pub(super) static PAIR_SCORES: Kernel = Kernel {
    file: "shaders/pair_scores.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("queries", Access::Read),
        ("documents", Access::Read),
        ("pairs", Access::Read),
        ("scores", Access::ReadWrite),
    ],
    source: include_str!("../../shaders/pair_scores.wgsl"),
};

/// Finds the best document row for listed query rows.
pub(super) static MAX_SIM: Kernel = Kernel {
    file: "shaders/max_sim.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("queries", Access::Read),
        ("documents", Access::Read),
        ("jobs", Access::Read),
        ("best", Access::ReadWrite),
    ],
    source: include_str!("../../shaders/max_sim.wgsl"),
};

/// Moves firms of the growth simulation by one quarter.
pub(super) static FIRM_STEP: Kernel = Kernel {
    file: "shaders/firm_step.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("given", Access::Read),
        ("x", Access::ReadWrite),
        ("a", Access::ReadWrite),
        ("uid", Access::Read),
        ("w0", Access::ReadWrite),
        ("w1", Access::ReadWrite),
        ("sums", Access::ReadWrite),
        ("free", Access::ReadWrite),
    ],
    source: include_str!("../../shaders/firm_step.wgsl"),
};

/// Puts new firms into slots.
pub(super) static FIRM_ARRIVALS: Kernel = Kernel {
    file: "shaders/firm_arrivals.wgsl",
    bindings: &[
        ("params", Access::Uniform),
        ("arrivals", Access::Read),
        ("free", Access::Read),
        ("x", Access::ReadWrite),
        ("a", Access::ReadWrite),
        ("uid", Access::ReadWrite),
        ("w0", Access::ReadWrite),
        ("w1", Access::ReadWrite),
    ],
    source: include_str!("../../shaders/firm_arrivals.wgsl"),
};

const INCLUDES: &[(&str, &str)] = &[
    ("fixed", include_str!("../../shaders/shared/fixed.wgsl")),
    ("order", include_str!("../../shaders/shared/order.wgsl")),
    ("philox", include_str!("../../shaders/shared/philox.wgsl")),
    ("products", include_str!("../../shaders/shared/products.wgsl")),
    ("top_k", include_str!("../../shaders/shared/top_k.wgsl")),
    ("top_k_keep", include_str!("../../shaders/shared/top_k_keep.wgsl")),
];

/// All kernels of this build.
#[must_use]
pub fn kernels() -> [&'static Kernel; 8] {
    [
        &TOP_K_SCORES,
        &TOP_K_SCORES_F16,
        &TOP_K_SCORES_I8,
        &TOP_K_REFINE,
        &PAIR_SCORES,
        &MAX_SIM,
        &FIRM_STEP,
        &FIRM_ARRIVALS,
    ]
}

impl Kernel {
    /// The complete WGSL, with every include in its place.
    ///
    /// An unknown include stays as it is written: no WGSL parser takes the line, and it names the
    /// culprit.
    #[must_use]
    pub fn wgsl(&self) -> String {
        compose(self.source)
    }
}

fn compose(source: &str) -> String {
    let mut composed = String::new();
    let mut taken = BTreeSet::new();
    for line in source.lines() {
        let name = line.strip_prefix("#import ").map(str::trim);
        match name.and_then(|name| INCLUDES.iter().find(|(include, _)| *include == name)) {
            Some((name, text)) if taken.insert(*name) => composed.push_str(text),
            Some(_) => {}
            None => composed.push_str(line),
        }
        composed.push('\n');
    }
    composed
}

#[cfg(test)]
mod tests {
    use super::compose;

    #[test]
    fn an_include_is_taken_once() {
        let composed = compose("#import order\nconst A: u32 = 1u;\n#import order\n");
        assert_eq!(composed.matches("fn score_key").count(), 1);
        assert!(composed.contains("const A: u32 = 1u;"));
        assert!(!composed.contains("#import"));
    }

    #[test]
    fn an_unknown_include_is_left_for_the_parser_to_refuse() {
        assert_eq!(compose("#import nothing"), "#import nothing\n");
    }
}
