//! Pairs of texts and what becomes of the demand's numbers.
