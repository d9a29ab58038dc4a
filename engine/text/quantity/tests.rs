//! The golden table and properties of the reader as a whole.
