//! The words of a question that may be answered by others, and what those others earn.

use std::collections::BTreeMap;

use tantivy::collector::Count;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Searcher, Term};

use super::IndexError;
use super::impacts::worth;
use crate::text::{AliasId, Alternative, Segmenter, Synonyms};

/// What may stand for the words of a question.
pub(super) struct Substitutes<'a> {
    synonyms: &'a Synonyms,
    /// Term of the question → what may stand for a word that it is inside of.
    by_term: BTreeMap<String, Vec<Alternative>>,
}

impl<'a> Substitutes<'a> {
    /// Looks up the words in the parts of a question.
    pub(super) fn of<'t>(parts: impl Iterator<Item = &'t str>, synonyms: &'a Synonyms) -> Self {
        let found = parts.flat_map(|part| synonyms.find(&Segmenter::shared().tokens(part)));
        let mut words: Vec<AliasId> = found.map(|found| found.alias).collect();
        words.sort_unstable();
        words.dedup();
        synonyms.keep_meant(&mut words);
        let mut by_term: BTreeMap<String, Vec<Alternative>> = BTreeMap::new();
        for word in words {
            for term in synonyms.inside(word) {
                by_term.entry(term.clone()).or_default().extend(synonyms.alternatives(word));
            }
        }
        Self { synonyms, by_term }
    }

    /// The terms of all words that may stand in, to highlight.
    pub(super) fn terms(&self) -> impl Iterator<Item = &String> {
        let words = self.by_term.values().flatten();
        words.flat_map(|it| self.synonyms.terms(it.alias)).map(|(_, term)| term)
    }

    /// A query for `term` in scored fields with their boosts, as it stands or by the best of what
    /// may stand for it, which is worth no more than the term nor than itself (`expansion.rs`).
    pub(super) fn query(
        &self,
        term: &str,
        fields: [(Field, Score); 2],
        searcher: &Searcher,
    ) -> Result<Box<dyn Query>, IndexError> {
        let n_documents = searcher.num_docs();
        let worths = |query: &dyn Query| {
            let count = searcher.search(query, &Count).map_err(IndexError::engine("counting"))?;
            Ok::<_, IndexError>(worth(n_documents, count as u64))
        };
        let plain = fields.map(|(field, boost)| boosted(one(field, term), boost));
        let mut best: Vec<Box<dyn Query>> = vec![any(plain.into())];
        for alternative in self.by_term.get(term).into_iter().flatten() {
            let terms = self.synonyms.terms(alternative.alias);
            let mut places: Vec<Box<dyn Query>> = Vec::new();
            for (field, boost) in fields {
                let other = side_by_side(field, terms);
                let earned = worths(other.as_ref())?.min(worths(one(field, term).as_ref())?);
                // What tantivy would score with: the terms' worths together.
                let mut scored = 0.0;
                for (_, term) in terms {
                    scored += worths(one(field, term).as_ref())?;
                }
                // In an index of some ten million records the worth of a term can round to zero.
                if scored > 0.0 {
                    places.push(boosted(other, boost * alternative.weight * earned / scored));
                }
            }
            best.push(self.meant(any(places), alternative.alias, fields.map(|it| it.0)));
        }
        Ok(if best.len() == 1 { best.remove(0) } else { Box::new(DisjunctionMaxQuery::new(best)) })
    }

    /// A query that holds only where a word of many meanings has its context.
    fn meant(&self, query: Box<dyn Query>, word: AliasId, fields: [Field; 2]) -> Box<dyn Query> {
        let context = self.synonyms.context(word);
        if context.is_empty() {
            return query;
        }
        let context = context
            .iter()
            .flat_map(|word| fields.map(|field| side_by_side(field, self.synonyms.terms(*word))))
            .collect();
        let context: Box<dyn Query> = Box::new(ConstScoreQuery::new(any(context), 0.0));
        Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::Must, context)]))
    }
}

fn one(field: Field, term: &str) -> Box<dyn Query> {
    let term = Term::from_field_text(field, term);
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

fn boosted(query: Box<dyn Query>, boost: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}

fn any(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|it| (Occur::Should, it)).collect()))
}

/// Terms at their distances; a word has at least one.
fn side_by_side(field: Field, terms: &[(u32, String)]) -> Box<dyn Query> {
    match terms {
        [(_, only)] => one(field, only),
        several => {
            let terms = several
                .iter()
                .map(|(offset, term)| (*offset as usize, Term::from_field_text(field, term)))
                .collect();
            Box::new(PhraseQuery::new_with_offset(terms))
        }
    }
}
