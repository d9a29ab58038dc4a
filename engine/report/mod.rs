//! Documents for people: `lists.xlsx`, `report.html`, and the report of an evaluation.
//!
//! Everything arrives in a [`RunView`]; nothing is scored, ranked or calibrated here, and this
//! module does not know how that is done. What it decides is what may be shown and how: contacts
//! never appear, an anonymous owner's name is veiled, an internal record is not handed out, and
//! no cell can start a formula. The same view gives the same bytes.

mod back_test;
mod charts;
mod choice;
mod columns;
mod error;
mod evaluation;
mod evidence;
#[cfg(test)]
mod fixture;
mod forecast;
mod news;
mod page;
mod parquet_file;
mod plots;
mod returned;
mod sheet;
mod stale;
mod summary;
mod tables;
mod template;
mod veil;
mod view;
mod wording;
mod workbook;

use stale::stale_notice;

pub use back_test::{BackTestFacts, back_test_banner, rival_label, write_back_test};
pub use charts::{grouped, share, tenths};
pub use error::ReportError;
pub use evaluation::{measure_label, ranker_label, slice_label, write_evaluation};
pub use evidence::clip;
pub use forecast::{
    DataColumn, DataTable, Fan, FanBand, ForecastPage, Missing, ScenarioPage, Shares, Shown, Split,
    fan_svg, png, shares_svg, write_data_table, write_forecast,
};
pub use news::{
    NewsBroker, NewsFacts, NewsGone, NewsRow, NewsView, write_news_html, write_news_workbook,
};
pub use page::write_html;
pub use parquet_file::{ParquetFile, ParquetKind};
pub use returned::write_returned;
pub use tables::{TableCell, TableColumn, TableDates, TableLook, TableSheet, write_tables};
pub use template::{Template, TemplateColumn, TemplateSheet, write_template};
pub use view::{Compared, Gap, Joint, JointMember, RunFacts, RunView, SheetFacts, WorkbookFacts};
pub use wording::{amount, cooperation, maturity, percent, source};
pub use workbook::{ROWS_PER_SHEET, workbook_rows, write_workbook, write_workbook_split};
