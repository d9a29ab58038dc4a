//! What is known of candidate pairs before their parts are valued, remembered from night to night.

use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::change::Change;
use crate::embed::{Array, ArrayFile, write_arrays};
use crate::index::GONE;
use crate::matching::{JudgedNumbers, PairInputs};
use crate::model::Micro;

/// Stands for a whole number that is unknown.
const NONE: i32 = -1;

/// Pairs and what is known of them, ascending by demand row and then supply row.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct PairMemory {
    /// (demand row, supply row).
    pub pairs: Vec<(u32, u32)>,
    /// One per pair; exact figures, of the one order of additions.
    pub inputs: Vec<PairInputs>,
}

impl PairMemory {
    /// What is left of the pairs when both records have to be unchanged, in today's rows.
    pub(super) fn carry(&self, demands: &Change, supplies: &Change) -> Self {
        // Unchanged rows keep their order, so the pairs stay sorted.
        let (pairs, inputs) = self
            .pairs
            .par_iter()
            .zip(&self.inputs)
            .filter_map(|(&(demand, supply), inputs)| {
                let pair = (demands.to[demand as usize], supplies.to[supply as usize]);
                (pair.0 != GONE && pair.1 != GONE).then_some((pair, *inputs))
            })
            .unzip();
        Self { pairs, inputs }
    }

    /// The wanted pairs that are not here; `wanted` is ascending, without repetition.
    pub(super) fn missing(&self, wanted: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let mut here = self.pairs.iter().peekable();
        let mut missing = Vec::new();
        for pair in wanted {
            while here.next_if(|known| *known < pair).is_some() {}
            if here.peek() != Some(&pair) {
                missing.push(*pair);
            }
        }
        missing
    }

    /// Puts in what was missing, and leaves out what is not wanted; both ascending.
    pub(super) fn with(
        self,
        missing: Vec<((u32, u32), PairInputs)>,
        wanted: &[(u32, u32)],
    ) -> Self {
        let mut old = self.pairs.into_iter().zip(self.inputs).peekable();
        let mut new = missing.into_iter().peekable();
        let (mut pairs, mut inputs) =
            (Vec::with_capacity(wanted.len()), Vec::with_capacity(wanted.len()));
        for &pair in wanted {
            while old.next_if(|known| known.0 < pair).is_some() {}
            let found = old.next_if(|known| known.0 == pair).or_else(|| {
                while new.next_if(|known| known.0 < pair).is_some() {}
                new.next_if(|known| known.0 == pair)
            });
            if let Some((pair, known)) = found {
                pairs.push(pair);
                inputs.push(known);
            }
        }
        Self { pairs, inputs }
    }

    /// The inputs of some of the pairs; `some` is ascending and here.
    pub(super) fn of(&self, some: &[(u32, u32)]) -> Vec<PairInputs> {
        let mut at = 0;
        some.iter()
            .filter_map(|pair| {
                while self.pairs.get(at).is_some_and(|known| known < pair) {
                    at += 1;
                }
                (self.pairs.get(at) == Some(pair)).then(|| self.inputs[at])
            })
            .collect()
    }

    /// Writes the pairs to a new file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let whole = |value: Option<Micro>| value.map_or(NONE, |value| value.0);
        let float = |of: fn(&PairInputs) -> Option<f32>| -> Vec<f32> {
            self.inputs.iter().map(|inputs| of(inputs).unwrap_or(f32::NAN)).collect()
        };
        let demands: Vec<u32> = self.pairs.iter().map(|pair| pair.0).collect();
        let supplies: Vec<u32> = self.pairs.iter().map(|pair| pair.1).collect();
        let numbers: Vec<i32> =
            self.inputs.iter().map(|inputs| whole(inputs.numbers.value)).collect();
        let failed: Vec<u8> =
            self.inputs.iter().map(|inputs| u8::from(inputs.numbers.failed)).collect();
        let field: Vec<i32> = self.inputs.iter().map(|inputs| whole(inputs.field)).collect();
        write_arrays(
            path,
            &[
                ("demands", Array::U32(&demands)),
                ("supplies", Array::U32(&supplies)),
                ("lexical_for_demand", Array::F32(&float(|i| i.lexical_for_demand))),
                ("lexical_for_supply", Array::F32(&float(|i| i.lexical_for_supply))),
                ("terms_for_demand", Array::F32(&float(|i| i.terms_for_demand))),
                ("terms_for_supply", Array::F32(&float(|i| i.terms_for_supply))),
                ("cosine", Array::F32(&float(|i| i.cosine))),
                ("passage_for_demand", Array::F32(&float(|i| i.passage_for_demand))),
                ("passage_for_supply", Array::F32(&float(|i| i.passage_for_supply))),
                ("numbers", Array::I32(&numbers)),
                ("numbers_failed", Array::U8(&failed)),
                ("field", Array::I32(&field)),
            ],
        )
    }

    /// Reads a file of pairs over tables of these sizes.
    pub(super) fn read(path: &Path, n_demands: usize, n_supplies: usize) -> io::Result<Self> {
        let file = ArrayFile::open(path)?;
        let demands = file.all::<u32>("demands")?;
        let supplies = file.all::<u32>("supplies")?;
        let float = |name: &str| file.all::<f32>(name);
        let lexical = [float("lexical_for_demand")?, float("lexical_for_supply")?];
        let terms = [float("terms_for_demand")?, float("terms_for_supply")?];
        let passages = [float("passage_for_demand")?, float("passage_for_supply")?];
        let cosine = float("cosine")?;
        let (numbers, field) = (file.all::<i32>("numbers")?, file.all::<i32>("field")?);
        let failed = file.all::<u8>("numbers_failed")?;
        let n = demands.len();
        let floats = lexical.iter().chain(&terms).chain(&passages).chain([&cosine]);
        let mut lengths: Vec<usize> = floats.map(|array| array.len()).collect();
        lengths.extend([supplies.len(), numbers.len(), field.len(), failed.len()]);
        let pairs: Vec<(u32, u32)> =
            demands.iter().copied().zip(supplies.iter().copied()).collect();
        let sound = lengths.iter().all(|&length| length == n)
            && pairs.is_sorted_by(|a, b| a < b)
            && pairs.iter().all(|p| (p.0 as usize) < n_demands && (p.1 as usize) < n_supplies);
        if !sound {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the pairs do not fit"));
        }
        let float = |value: f32| (!value.is_nan()).then_some(value);
        let whole = |value: i32| (value != NONE).then_some(Micro(value));
        let inputs = (0..n)
            .into_par_iter()
            .map(|at| PairInputs {
                lexical_for_demand: float(lexical[0][at]),
                lexical_for_supply: float(lexical[1][at]),
                terms_for_demand: float(terms[0][at]),
                terms_for_supply: float(terms[1][at]),
                cosine: float(cosine[at]),
                passage_for_demand: float(passages[0][at]),
                passage_for_supply: float(passages[1][at]),
                numbers: JudgedNumbers { value: whole(numbers[at]), failed: failed[at] != 0 },
                field: whole(field[at]),
            })
            .collect();
        Ok(Self { pairs, inputs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(lexical: f32) -> PairInputs {
        PairInputs {
            lexical_for_demand: Some(lexical),
            lexical_for_supply: None,
            terms_for_demand: Some(1.0),
            terms_for_supply: None,
            cosine: Some(-0.25),
            passage_for_demand: Some(0.5),
            passage_for_supply: None,
            numbers: JudgedNumbers { value: Some(Micro::ZERO), failed: true },
            field: None,
        }
    }

    fn memory(pairs: &[(u32, u32)]) -> PairMemory {
        let inputs = (0_u8..).map(f32::from).map(inputs).take(pairs.len()).collect();
        PairMemory { pairs: pairs.to_vec(), inputs }
    }

    fn lexical(memory: &PairMemory) -> Vec<f32> {
        memory.inputs.iter().filter_map(|inputs| inputs.lexical_for_demand).collect()
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pairs.safetensors");
        let before = memory(&[(0, 1), (0, 3), (2, 0)]);
        before.write(&path).unwrap();
        let after = PairMemory::read(&path, 3, 4).unwrap();
        assert_eq!(after.pairs, before.pairs);
        assert_eq!(format!("{:?}", after.inputs), format!("{:?}", before.inputs));
        assert!(PairMemory::read(&path, 2, 4).is_err(), "a row beyond the table");
    }

    #[test]
    fn only_pairs_of_unchanged_records_are_carried() {
        let change = |to: &[u32]| Change { to: to.to_vec(), ..Change::default() };
        let carried = memory(&[(0, 1), (1, 1), (2, 0), (2, 1)])
            .carry(&change(&[0, GONE, 1]), &change(&[GONE, 5]));
        assert_eq!(carried.pairs, [(0, 5), (1, 5)]);
        assert_eq!(lexical(&carried), [0.0, 3.0]);
    }

    #[test]
    fn what_is_missing_is_put_in_and_what_is_not_wanted_left_out() {
        let known = memory(&[(0, 1), (1, 1), (2, 0)]);
        let wanted = [(0, 1), (0, 2), (2, 0), (3, 0)];
        assert_eq!(known.missing(&wanted), [(0, 2), (3, 0)]);
        let new = vec![((0, 2), inputs(7.0)), ((3, 0), inputs(8.0))];
        let all = known.with(new, &wanted);
        assert_eq!(all.pairs, wanted);
        assert_eq!(lexical(&all), [0.0, 7.0, 2.0, 8.0]);
        assert_eq!(all.of(&[(0, 2), (3, 0)]).len(), 2);
        assert!(all.missing(&wanted).is_empty());
    }
}
