//! How large an input may be. Beyond these bounds a row or a file is refused, never cut.

/// Bytes of a list file on disk.
///
/// A list of 100,000 long records is about 200 MB; more than twice that is not a list people keep.
pub(super) const FILE_BYTES: u64 = 512 << 20;

/// Bytes of all parts of a workbook or archive once unpacked, checked while unpacking and not by what
/// the archive claims of itself.
pub(super) const UNPACKED_BYTES: u64 = 768 << 20;

/// How many times its size a packed file may unpack to. Office documents reach 30, sparse ones 100;
/// deflate itself ends at 1,032.
pub(super) const RATIO: u64 = 200;

/// Bytes unpacked below which the ratio is not looked at: a blank sheet of many formatted rows is
/// small and packs well.
pub(super) const SMALL_BYTES: u64 = 64 << 20;

/// Files in one archive of lists.
pub(super) const MEMBERS: usize = 2_000;

/// Bytes of text kept from one workbook: a shared string may stand in a million cells.
pub(super) const KEPT_BYTES: usize = 1 << 30;

/// Bytes of one cell's text; Excel itself allows 32,767 characters.
pub(super) const CELL_BYTES: usize = 1 << 20;

/// Columns of one table.
pub(super) const COLUMNS: usize = 2_000;

/// Cells of the rectangle that an old workbook's sheet spans: it is laid out densely, 32 bytes
/// each. All 65,536 rows by 120 columns.
pub(super) const XLS_CELLS: u64 = 65_536 * 120;

/// Rows of one table: row numbers are 32 bits, and a spreadsheet has 1,048,576.
pub(super) const ROWS: usize = 4_000_000;

/// Merged areas of one table; more are not filled.
pub(super) const MERGES: usize = 1_000_000;

/// Rows from the top among which the headings are looked for.
pub(super) const HEADING_ROWS: usize = 30;

/// Paragraphs and table rows of one text document: a form has some dozens, a collection of forms
/// some thousands.
pub(super) const DOCUMENT_LINES: usize = 200_000;

/// Rows of a text file that is read as a stream: row numbers are 32 bits, and what is kept of each
/// patent takes some 300 bytes.
pub(super) const STREAMED_ROWS: usize = 20_000_000;

/// Bytes of a text file that is read as a stream, unpacked: no memory grows with them, only time.
pub(super) const STREAMED_BYTES: u64 = 256 << 30;
