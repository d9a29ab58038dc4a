//! What can be wrong with a simulation.

use crate::kernel::BackendError;
use crate::model::{Diagnosis, Lang};

/// Why a simulation was not run, or stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A parameter is not a number or outside what the arithmetic can hold.
    #[error("parameter {name} is {value}, which is outside {low} to {high}")]
    Parameter {
        /// Symbol of the parameter.
        name: &'static str,
        /// What was given.
        value: f64,
        /// Least value that can be computed with.
        low: f64,
        /// Greatest value that can be computed with.
        high: f64,
    },
    /// Tables and lists of the setup do not fit each other.
    #[error("the setup does not fit together: {0}")]
    Shape(&'static str),
    /// More firms than slots; nothing was dropped, the run is invalid.
    #[error("{needed} firms do not fit the {capacity} slots in quarter {quarter}")]
    Capacity {
        /// Slots that would have been needed.
        needed: usize,
        /// Slots there are.
        capacity: usize,
        /// Quarter of the overflow.
        quarter: u32,
    },
    /// A checkpoint belongs to another setup.
    #[error("the checkpoint was made with setup {found:016x}, not with {expected:016x}")]
    ForeignCheckpoint {
        /// Fingerprint of this setup.
        expected: u64,
        /// Fingerprint in the checkpoint.
        found: u64,
    },
    /// The backend did not compute.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl Diagnosis for SimulationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Parameter { .. } => "simulation.parameter",
            Self::Shape(_) => "simulation.shape",
            Self::Capacity { .. } => "simulation.capacity",
            Self::ForeignCheckpoint { .. } => "simulation.foreign_checkpoint",
            Self::Backend(error) => error.code(),
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Parameter { name, value, low, high } => {
                format!("参数 {name} 的取值 {value} 超出可计算范围 {low}—{high}")
            }
            Self::Shape(what) => format!("推演设置前后不一致：{what}"),
            Self::Capacity { needed, capacity, quarter } => {
                format!("第 {quarter} 季度需要 {needed} 个企业位，只有 {capacity} 个")
            }
            Self::ForeignCheckpoint { expected, found } => {
                format!("检查点属于另一设置（{found:016x}），当前设置为 {expected:016x}")
            }
            Self::Backend(error) => error.message(lang),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Backend(error) => return error.remedy(lang),
            Self::Parameter { .. } => {
                ("请把参数改到该范围之内。", "Give a value within the range.")
            }
            Self::Shape(_) => (
                "请核对城市数、产业数与各表的长度。",
                "Check the numbers of cities and industries against the tables.",
            ),
            Self::Capacity { .. } => (
                "请增大企业位后重新运行；本次结果无效。",
                "Run again with a larger capacity; this run is invalid.",
            ),
            Self::ForeignCheckpoint { .. } => (
                "请用原设置续算，或从头运行。",
                "Resume with the setup it was made with, or start anew.",
            ),
        };
        lang.pick(zh, en).to_owned()
    }
}
