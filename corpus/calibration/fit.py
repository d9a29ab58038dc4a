#!/usr/bin/env python3
"""Chooses the weights of the parts and fits the calibration, from graded pairs.

Runs the program itself on every development set (see sets.py): once per part with all weight on
that part and a deep ranking, which gives every pair's part value. Then, per direction and script,
searches the weights on a grid. What is compared is nDCG@10 (linear gain) and, where grades say what
is worth a call, the reciprocal rank of the first such answer, each over that of the best single
part on the same set, so that no set dominates; a split must not be worse than the best part on any
set by either, and of those the best mean is taken, or rather the middle of all that the queries
cannot tell from it. Held-out figures come from five folds of whole queries.

Last, it runs once with the chosen weights and fits, per direction, a logistic curve of "grade 2 or
3" on the score of the market lists, written as a table of knots; its quality is reported by
cross-validation, folds of whole queries.

    python3 corpus/calibration/fit.py --duijie target/release/duijie --data DATA --work WORK

Needs numpy. Resampling is seeded; two runs print the same. The weights are printed and written only
with `--write`, which replaces weights.toml and calibration.toml beside this script.
"""

import argparse
import itertools
import math
import pathlib
import subprocess
from collections import defaultdict

import numpy as np

from sets import prepare

PARTS = ["lexical", "dense", "passage", "field", "freshness", "maturity"]
FREE = ["lexical", "dense", "passage", "field"]
HERE = pathlib.Path(__file__).parent
# A judge's reading says nothing about age or maturity; their weights are set by hand, small: they
# order pairs that are otherwise alike.
BY_HAND = {
    "for_demand": {"freshness": 20, "maturity": 30},
    "for_supply": {"freshness": 30, "maturity": 0},
}
DIRECTIONS = {"for_demand": "ranking.trec", "for_supply": "ranking.reverse.trec"}
BASELINES = {"for_demand": "ranking.bm25.trec", "for_supply": "ranking.reverse.bm25.trec"}
STEP = 50
# A class is coarse: it may order pairs that are otherwise alike, and no more.
MAX_FIELD = 100
# Documents per part and query that can reach a top ten of a sum.
DEPTH_PER_PART = 200
FOLDS = 5
DISCOUNT = 1 / np.log2(np.arange(2, 12))


def read_scores(path, wanted):
    """query → document → score, for the queries wanted."""
    scores = defaultdict(dict)
    for line in open(path, encoding="utf-8"):
        query, _, document, _, score, _ = line.split()
        if query in wanted:
            scores[query][document] = float(score)
    return scores


def weights_text(weights):
    lines = []
    for direction in DIRECTIONS:
        for script, table in (("han", direction), ("latin", f"{direction}.latin")):
            lines.append(f"[{table}]")
            lines += [f"{part} = {weights[direction, script][part]}" for part in PARTS]
            lines.append("")
    return "\n".join(lines)


def run(args, folder, name, weights, depth):
    """Runs the program on a set with these weights, or takes an earlier run's files if asked to."""
    out = folder / name
    path = folder / f"{name}.weights.toml"
    text = weights_text(weights)
    if args.reuse and out.exists() and path.read_text(encoding="utf-8") == text:
        return out
    path.write_text(text, encoding="utf-8")
    subprocess.run(
        [args.duijie, "match", "--demands", folder / "demands.jsonl",
         "--supplies", folder / "supplies.jsonl", "--out", out, "--weights", path,
         "--depth", str(depth), "--candidates", str(depth), "--top", "1",
         "--per-demand", "1", "--per-supply", "1", "--backend", "cpu", "--as-of", args.as_of],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return out


class Values:
    """The part values of one task's queries, cut to the documents that can reach a top ten.

    A document that no single part ranks among its first two hundred is left out, unless it is
    graded: ten better ones are nearly always at hand.
    """

    def __init__(self, task, per_part, baseline):
        self.task = task
        self.queries = [q for q, g in sorted(task.qrels.items()) if max(g.values()) > 0]
        self.parts, self.gains, self.ideals, self.bm25 = [], [], [], []
        for query in self.queries:
            grades = task.qrels[query]
            documents = set(grades)
            if not task.judged_only:
                for scores in per_part.values():
                    of_query = scores.get(query, {})
                    documents.update(sorted(of_query, key=lambda d: (-of_query[d], d))[:DEPTH_PER_PART])
                documents.discard(query)
            documents = sorted(documents)
            self.parts.append(np.array(
                [[per_part[p].get(query, {}).get(d, 0.0) for d in documents] for p in FREE]
            ))
            self.gains.append(np.array([max(grades.get(d, 0), 0) for d in documents], float))
            self.bm25.append(np.array([baseline.get(query, {}).get(d, 0.0) for d in documents]))
            self.ideals.append(self.dcg(np.sort(self.gains[-1])[::-1][:10]))

    @staticmethod
    def dcg(gains):
        return float(gains @ DISCOUNT[: len(gains)])

    def table(self, grid):
        """split → nDCG@10 of every query, ties by document."""
        splits = np.array(grid, float)
        found = np.empty((len(grid), len(self.queries)))
        for q, (parts, gains, ideal) in enumerate(zip(self.parts, self.gains, self.ideals)):
            # Rounding as the program does, so that ties are ties.
            order = np.argsort(-np.round(splits @ parts / 1000, 6), axis=1, kind="stable")[:, :10]
            found[:, q] = gains[order] @ DISCOUNT[: order.shape[1]] / ideal
        return {split: found[i] for i, split in enumerate(grid)}

    def first_calls(self, grid):
        """split → reciprocal rank of the first grade ≥ 2, of the queries that have one; or None."""
        splits = np.array(grid, float)
        found = []
        for parts, gains in zip(self.parts, self.gains):
            if gains.max() >= 2:
                order = np.argsort(-np.round(splits @ parts / 1000, 6), axis=1, kind="stable")
                found.append(1 / (1 + np.argmax(gains[order] >= 2, axis=1)))
        return {split: np.array([f[i] for f in found]) for i, split in enumerate(grid)} \
            if found else None

    def of(self, scores):
        found = []
        for row, gains, ideal in zip(scores, self.gains, self.ideals):
            order = np.argsort(-row, kind="stable")[:10]
            found.append(self.dcg(gains[order]) / ideal)
        return np.array(found)


def splits(n, total=1000):
    """All ways to split `total` into `n` multiples of STEP."""
    if n == 1:
        yield (total,)
        return
    for first in range(0, total + 1, STEP):
        for rest in splits(n - 1, total - first):
            yield (first, *rest)


def choose(tables, folds=None, fold=None):
    """The split to take from `tables`: per set, split → nDCG per query.

    With `folds` (an array of fold numbers per set), only queries outside `fold` are seen.
    """
    seen = [
        {s: v if folds is None else v[folds[i] != fold] for s, v in table.items()}
        for i, table in enumerate(tables)
    ]
    alone = [tuple(1000 * int(p == q) for q in range(len(FREE))) for p in range(len(FREE))]
    best_part = [max(table[s].mean() for s in alone if s in table) for table in seen]
    ratio = {
        s: [table[s].mean() / best for table, best in zip(seen, best_part)] for s in seen[0]
    }
    allowed = [s for s, r in ratio.items() if min(r) >= 1]
    # Where nothing is as good as the best part everywhere, the least bad worst set decides.
    if not allowed:
        return max(ratio, key=lambda s: (min(ratio[s]), s))
    top = max(allowed, key=lambda s: (np.mean(ratio[s]), s))
    near = []
    for s in allowed:
        losses = [(table[top] - table[s]) / best for table, best in zip(seen, best_part)]
        loss = np.mean([l.mean() for l in losses])
        error = math.sqrt(sum(l.var(ddof=1) / len(l) for l in losses)) / len(losses)
        if loss <= error:
            near.append(s)
    middle = np.mean(near, axis=0)
    # The grid point nearest to the middle, of those that are allowed.
    return min(allowed, key=lambda s: (float(((np.array(s) - middle) ** 2).sum()), s))


def interval(values, rounds=2000):
    draw = np.random.default_rng(0)
    means = values[draw.integers(0, len(values), (rounds, len(values)))].mean(1)
    return f"{values.mean():.3f} ({np.quantile(means, 0.025):.3f}–{np.quantile(means, 0.975):.3f})"


def logistic(points):
    """Least-loss a, b of p = 1 / (1 + exp(-(a + b·x))), by Newton's method, slightly damped."""
    a, b = 0.0, 1.0
    for _ in range(100):
        ga = gb = haa = hab = hbb = 0.0
        for x, y in points:
            p = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, a + b * x))))
            w = p * (1.0 - p)
            ga, gb = ga + (y - p), gb + (y - p) * x
            haa, hab, hbb = haa + w, hab + w * x, hbb + w * x * x
        hbb += 1e-3
        det = haa * hbb - hab * hab
        if abs(det) < 1e-12:
            break
        da, db = (hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det
        a, b = a + da, b + db
        if abs(da) + abs(db) < 1e-10:
            break
    return a, b


def probability(curve, x):
    return 1.0 / (1.0 + math.exp(-(curve[0] + curve[1] * x)))


def points_of(scores, qrels):
    """(query, score, 1 if grade ≥ 2) of every judged pair."""
    return [
        (query, scores[query].get(d, 0.0), 1.0 if g >= 2 else 0.0)
        for query, grades in sorted(qrels.items())
        for d, g in sorted(grades.items())
    ]


def cross_validated(points, folds=10):
    queries = sorted({q for q, _, _ in points})
    fold = {q: i % folds for i, q in enumerate(queries)}
    predicted = []
    for k in range(folds):
        curve = logistic([(x, y) for q, x, y in points if fold[q] != k])
        predicted += [(probability(curve, x), y) for q, x, y in points if fold[q] == k]
    return predicted


def knots(curve):
    table = []
    for i in range(0, 101, 4):
        p = min(max(probability(curve, i / 100), 0.0), 1.0)
        table.append(f"[{i / 100:.2f}, {p:.6f}]")
    return ", ".join(table)


def part_values(args, tasks):
    """One `Values` per task."""
    values = []
    for folder, of_folder in itertools.groupby(tasks, key=lambda task: task.folder):
        of_folder = list(of_folder)
        # Only the market's lists say which field a record is of.
        outs = {
            part: run(args, folder, f"only-{part}", {
                (direction, script): {p: 1000 * int(p == part) for p in PARTS}
                for direction in DIRECTIONS for script in ("han", "latin")
            }, args.depth)
            for part in FREE if part != "field" or of_folder[0].judged_only
        }
        for task in of_folder:
            file, baseline = DIRECTIONS[task.direction], BASELINES[task.direction]
            per_part = {part: read_scores(out / file, task.qrels) for part, out in outs.items()}
            per_part.setdefault("field", {})
            bm25 = read_scores(outs["lexical"] / baseline, task.qrels)
            values.append(Values(task, per_part, bm25))
    return values


def choose_weights(values):
    chosen = {}
    for direction in DIRECTIONS:
        hand = BY_HAND[direction]
        for script in ("han", "latin"):
            of_set = [v for v in values if (v.task.direction, v.task.script) == (direction, script)]
            # English lists name no field that could be compared; it keeps what Chinese gives it.
            has_field = any(parts[3].any() for v in of_set for parts in v.parts)
            if has_field:
                grid = [s for s in splits(len(FREE)) if s[3] <= MAX_FIELD or s[3] == 1000]
            else:
                grid = [(*s, 0) for s in splits(len(FREE) - 1)]
            tables = [v.table(grid) for v in of_set]
            calls = [(v, v.first_calls(grid)) for v in of_set]
            calls = [(v, table) for v, table in calls if table]
            tables += [table for _, table in calls]
            split = choose(tables)
            total = 1000 - sum(hand.values())
            field = 0 if has_field else chosen[direction, "han"]["field"]
            scaled = [round(w * (total - field) / 1000) for w in split]
            scaled[3] += field
            scaled[scaled.index(max(scaled))] += total - sum(scaled)
            chosen[direction, script] = {**dict(zip(FREE, scaled)), **hand}
            print(f"\n{direction} {script}: split {split}, weights {chosen[direction, script]}")
            sizes = [len(next(iter(table.values()))) for table in tables]
            folds = [np.arange(n) % FOLDS for n in sizes]
            held_out = [np.zeros(n) for n in sizes]
            for fold in range(FOLDS):
                of_fold = choose(tables, folds, fold)
                print(f"  fold {fold}: {of_fold}")
                for table, numbers, out in zip(tables, folds, held_out):
                    out[numbers == fold] = table[of_fold][numbers == fold]
            for (v, table), out in zip(calls, held_out[len(of_set):]):
                print(f"  {v.task.name} ({len(out)}): first worth a call, reciprocal rank: chosen "
                      f"{interval(table[split])}; held out {interval(out)}")
            for v, table, out in zip(of_set, tables, held_out):
                alone = {
                    p: table[tuple(1000 * int(p == q) for q in FREE)].mean()
                    for p in FREE if tuple(1000 * int(p == q) for q in FREE) in table
                }
                print(f"  {v.task.name} ({len(v.queries)}): BM25 {interval(v.of(v.bm25))}, alone "
                      + ", ".join(f"{p} {x:.3f}" for p, x in alone.items())
                      + f"; chosen {interval(table[split])}; held out {interval(out)}")
    return chosen


def calibrate(args, tasks, chosen):
    market = [task for task in tasks if task.judged_only]
    tables, all_predicted = {}, []
    n_pairs = n_positive = 0
    for direction, file in DIRECTIONS.items():
        qrels = {}
        for task in market:
            if task.direction == direction:
                qrels.update(task.qrels)
                folder = task.folder
        out = run(args, folder, "chosen", chosen, args.depth)
        points = points_of(read_scores(out / file, qrels), qrels)
        curve = logistic([(x, y) for _, x, y in points])
        tables[direction] = knots(curve)
        predicted = cross_validated(points)
        all_predicted += predicted
        base = sum(y for _, y in predicted) / len(predicted)
        brier = sum((p - y) ** 2 for p, y in predicted) / len(predicted)
        skill = 1 - brier / (base * (1 - base))
        n_pairs, n_positive = n_pairs + len(points), n_positive + int(sum(y for *_, y in points))
        print(f"\n{direction} pairs {len(points)} base rate {base:.3f} Brier skill (10-fold) "
              f"{skill:.3f} a {curve[0]:.3f} b {curve[1]:.3f}")
    for threshold in [x / 100 for x in range(5, 80, 5)]:
        kept = [y for p, y in all_predicted if p >= threshold]
        if kept:
            print(f"p ≥ {threshold:.2f}: {len(kept)} pairs, precision {sum(kept) / len(kept):.2f}, "
                  f"recall {sum(kept) / n_positive:.2f}")
    return tables, n_pairs, n_positive


def write_files(chosen, tables, n_pairs, n_positive):
    head = "# Weights of the parts, per direction, in thousandths; each table sums to 1000. The tables\n" \
           "# `latin` are for askers whose text is mostly in Latin letters.\n" \
           "# Written by fit.py; freshness and maturity are set there by hand.\n"
    (HERE / "weights.toml").write_text(head + weights_text(chosen), encoding="utf-8")
    text = (
        "# From score to probability; written by fit.py. [score, probability] knots, interpolated.\n"
        f'note = "暂定校准：由一个市场的 {n_pairs} 对人工评分（其中 {n_positive} 对值得联系）拟合"\n'
        f'note_en = "provisional: fitted to {n_pairs} graded pairs of one market, {n_positive} of them worth a call"\n'
        f"for_demand = [{tables['for_demand']}]\nfor_supply = [{tables['for_supply']}]\n\n"
        "[verdict]\ndiscuss_from = @DISCUSS@\nrecommend_from = @RECOMMEND@\n"
    )
    old = (HERE / "calibration.toml").read_text(encoding="utf-8")
    for key in ("discuss_from", "recommend_from"):
        value = next(l.split("=")[1].strip() for l in old.splitlines() if l.startswith(key))
        text = text.replace(f"@{key.split('_')[0].upper()}@", value)
    (HERE / "calibration.toml").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duijie", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--as-of", default="2020-06-30", help="a day when the lists were current")
    parser.add_argument("--depth", type=int, default=3000, help="enough for every pair")
    parser.add_argument("--reuse", action="store_true", help="take runs that WORK holds already")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    tasks = prepare(args.data, args.work)
    chosen = choose_weights(part_values(args, tasks))
    calibration = calibrate(args, tasks, chosen)
    if args.write:
        write_files(chosen, *calibration)


if __name__ == "__main__":
    main()
