//! How people read a forecast: tables for programs, charts as SVG and PNG, and one page.

mod data_table;
mod fan;
mod page;
mod png;
mod shares;

pub use data_table::{DataColumn, DataTable, write_data_table};
pub use fan::{Fan, FanBand, fan_svg};
pub use page::{ForecastPage, ScenarioPage, Shown, write_forecast};
pub use png::{Missing, png};
pub use shares::{Shares, Split, shares_svg};
