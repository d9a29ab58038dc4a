"""Compares the flow of a run with the linear programme that scipy's HiGHS solves.

    duijie match … --top 100 --depth 100 --out out
    python3 benches/peers/allocation.py out

Every ranked pair must have been kept, so --top is at least --depth. The programme has one variable
in [0, 1] per pair, one row per demand and per supply; its matrix is totally unimodular, so its
optimum is a whole hand-out. Prints the totals of the program and of the peer for both sets of
pairs and fails where they differ by more than a millionth per entry. Runs with a quota are refused.
Needs numpy and scipy 1.9 or later; no part of the build.
"""

import json
import pathlib
import sys
import time

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack


def solve(pairs, per_demand, per_supply):
    """The greatest total mutual score of `pairs`, (demand, supply, score), under the capacities."""
    if not pairs:
        return 0.0
    score = np.array([pair[2] for pair in pairs])
    column = np.arange(len(pairs))

    def rows(side):
        number = {name: row for row, name in enumerate(sorted({pair[side] for pair in pairs}))}
        row = [number[pair[side]] for pair in pairs]
        return csr_matrix((np.ones(len(pairs)), (row, column)), shape=(len(number), len(pairs)))

    demands, supplies = rows(0), rows(1)
    limits = [per_demand] * demands.shape[0] + [per_supply] * supplies.shape[0]
    result = linprog(
        -score, A_ub=vstack([demands, supplies]), b_ub=limits, bounds=(0, 1), method="highs"
    )
    if result.status != 0:
        sys.exit(f"the peer found no optimum: {result.message}")
    return -result.fun


def main():
    out = pathlib.Path(sys.argv[1])
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    options, allocation = manifest["options"], manifest["allocation"]
    if options["top"] < options["depth"] or allocation["quota"]:
        sys.exit("needs a run with --top at least --depth and without a quota")
    every, worthwhile = [], []
    with open(out / "matches.jsonl", encoding="utf-8") as lines:
        for line in lines:
            pair = json.loads(line)
            entry = (pair["demand_id"], pair["supply_id"], pair["mutual_score"])
            every.append(entry)
            if pair["verdict"] != "no_match":
                worthwhile.append(entry)
    failed = False
    for name, pairs in (("before_verdict", every), ("handed_out", worthwhile)):
        began = time.time()
        peer = solve(pairs, options["per_demand"], options["per_supply"])
        own = allocation[name]["optimum"]
        apart = abs(peer - own) > 1e-6 * max(1, allocation[name]["flow"]["entries"])
        failed |= apart or len(pairs) != allocation[name]["pairs"]
        print(
            f"{name}: {len(pairs)} pairs, duijie {own:.6f}, "
            f"peer {peer:.6f} ({time.time() - began:.1f} s){'  DIFFERENT' if apart else ''}"
        )
    sys.exit(failed)


if __name__ == "__main__":
    main()
