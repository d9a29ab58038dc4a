"""How much higher scores are where a folder's model is joined with the built-in one.

    duijie eval … --embedder DIR --only-queries --json > a.json     # for each graded set
    python3 corpus/calibration/folder.py a.json b.json …

The curves of calibration.toml were fitted to scores of the built-in model. Over all graded pairs of
the given evaluations, this finds the shift of the score, the same for all pairs of a direction,
under which the curve makes the grades least surprising (mean log loss), and prints it with the 95 %
interval over resampled queries. The figures go into folder.toml by hand. Needs numpy and
Python 3.11.
"""

import json
import sys
import tomllib
from pathlib import Path

import numpy as np

RELEVANT_FROM = 2
SHIFTS = np.arange(-0.2, 0.2005, 0.005)
SEED = 2020
RESAMPLES = 1000


def losses(curve, scores, relevant):
    """Log loss of every pair under every shift: [n_shifts, n_pairs]."""
    knots, values = np.array(curve).T
    likely = np.interp(scores[None, :] - SHIFTS[:, None], knots, values).clip(1e-9, 1 - 1e-9)
    return -np.log(np.where(relevant[None, :], likely, 1 - likely))


def main():
    """Reads the evaluations named on the command line."""
    curves = tomllib.loads((Path(__file__).parent / "calibration.toml").read_text())
    pairs = []
    for name in sys.argv[1:]:
        found = json.loads(Path(name).read_text())
        pairs += [{**pair, "of": (name, pair["query"])} for pair in found["told"] if pair["grade"] is not None]
    if not pairs:
        raise SystemExit(__doc__)
    queries = {of: at for at, of in enumerate(dict.fromkeys(pair["of"] for pair in pairs))}
    query = np.array([queries[pair["of"]] for pair in pairs])
    relevant = np.array([pair["grade"] >= RELEVANT_FROM for pair in pairs])
    print(f"{len(pairs)} pairs of {len(queries)} queries, {relevant.sum()} relevant")
    for direction in ("for_demand", "for_supply"):
        scores = np.array([pair[f"score_{direction}"] for pair in pairs], float)
        by_query = np.zeros((len(queries), len(SHIFTS)))
        np.add.at(by_query, query, losses(curves[direction], scores, relevant).T)
        total = by_query.sum(0)
        draws = np.random.default_rng(SEED).integers(0, len(queries), (RESAMPLES, len(queries)))
        best = SHIFTS[[by_query[rows].sum(0).argmin() for rows in draws]]
        low, high = np.percentile(best, [2.5, 97.5])
        at_zero = np.abs(SHIFTS).argmin()
        print(
            f"{direction}: {SHIFTS[total.argmin()]:+.3f} ({low:+.3f} to {high:+.3f}), log loss "
            f"{total.min() / len(pairs):.4f}, without a shift {total[at_zero] / len(pairs):.4f}"
        )


if __name__ == "__main__":
    main()
