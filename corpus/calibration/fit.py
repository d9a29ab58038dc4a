#!/usr/bin/env python3
"""Chooses the weights of the parts and fits the calibration, from graded pairs.

Runs the program itself on every development set (see sets.py): once per part with all weight on
that part and a deep ranking, which gives every pair's part value. Then, per direction and script,
searches the weights on a grid. What is compared is nDCG@10 (linear gain) and, where grades say what
is worth a call, the reciprocal rank of the first such answer, each over that of the best single
part on the same set, so that no set dominates; a split must not be worse than the best part on any
set by either, and of those the best mean is taken, or rather the middle of all that the queries
cannot tell from it. Held-out figures come from five folds of whole queries.

Last, it runs `duijie eval` with the chosen weights on the market lists and fits the calibration to
all graded pairs, of both directions: per direction a logistic curve of "grade 2 or 3" on its score;
what is shown is the mean of the two. Curves are written as tables of knots. The verdict's thresholds are chosen for stated targets; everything is reported by
cross-validation, folds of whole demands, thresholds included.

    python3 corpus/calibration/fit.py --duijie target/release/duijie --data DATA --work WORK

Needs numpy. Resampling is seeded; two runs print the same. The weights are printed and written only
with `--write`, which replaces weights.toml and calibration.toml beside this script.
"""

import argparse
import itertools
import json
import math
import pathlib
import subprocess
import tomllib
from collections import defaultdict

import numpy as np

from sets import prepare

PARTS = ["lexical", "dense", "passage", "numbers", "field", "freshness", "maturity"]
FREE = ["lexical", "dense", "passage", "field"]
HERE = pathlib.Path(__file__).parent
# A judge's reading says nothing about age or maturity; their weights are set by hand, small: they
# order pairs that are otherwise alike. Numbers are judged in 46 of the 3,434 graded pairs of dev and
# dev2, too few to fit a weight: 30 is enough that of two supplies that differ in one figure the one
# that meets it stands first; 70 lifted pairs about something else (dev, judged: .645 against .655).
BY_HAND = {
    "for_demand": {"numbers": 30, "freshness": 20, "maturity": 30},
    "for_supply": {"numbers": 30, "freshness": 30, "maturity": 0},
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


def probability(curve, x):
    return 1.0 / (1.0 + np.exp(-np.clip(curve[0] + curve[1] * x, -30.0, 30.0)))


def logistic(x, y):
    """Least-loss a, b of p = 1 / (1 + exp(-(a + b·x))), by Newton's method, slightly damped."""
    inputs, curve = np.stack([np.ones_like(x), x], 1), np.array([0.0, 1.0])
    for _ in range(100):
        p = probability(curve, x)
        hessian = (inputs * (p * (1 - p))[:, None]).T @ inputs + np.diag([0.0, 1e-3])
        step = np.linalg.solve(hessian, inputs.T @ (y - p))
        curve = curve + step
        if abs(step).max() < 1e-10:
            break
    return curve


def two_curves(pairs):
    """Per direction a logistic curve on its own score, over the graded pairs of both directions.

    Each curve estimates the same event by itself, as mutual scores need it. Fitted together, so that
    their mean has the least log loss, the mean is calibrated a little better and the curves no more:
    the demand's runs ahead, the supply's lags behind.
    """
    x, y = scores_of(pairs), relevant(pairs)
    return [logistic(x[:, 0], y), logistic(x[:, 1], y)]


def scores_of(pairs):
    return np.array([[p["score_for_demand"], p["score_for_supply"]] for p in pairs])


def relevant(pairs):
    return np.array([float((p["grade"] or 0) >= 2) for p in pairs])


def shown_probability(curves, pairs):
    x = scores_of(pairs)
    return (probability(curves[0], x[:, 0]) + probability(curves[1], x[:, 1])) / 2


def knots(curve):
    table = []
    for i in range(0, 101, 4):
        p = float(probability(curve, i / 100))
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


# What the verdict is to do, on the demands of dev (the 60): the share of those without a
# relevant supply that are refused, at most so many of them recommended, the share of the others that
# are shown a relevant supply itself, and the precision of what is recommended.
TARGETS = {"refused": 0.60, "recommended": 0.10, "shown": 0.80, "precision": 0.50}
GRID = [n / 100 for n in range(1, 81)]


def told_pairs(args, chosen):
    """What the program says, with these weights and the whole lists, of every graded pair and of
    the first twenty of every query: set → pairs, each with its demand."""
    weights = args.work / "chosen.weights.toml"
    weights.write_text(weights_text(chosen), encoding="utf-8")
    market = args.data / "market_lists"
    told = {}
    for name, file in (("dev", "dev"), ("dev2", "dev2"), ("reverse", "reverse_dev")):
        out = subprocess.run(
            [args.duijie, "eval", "--demands", market / "demands.jsonl", "--supplies",
             market / "supplies.jsonl", "--qrels", market / f"qrels_{file}.tsv", "--weights",
             weights, "--as-of", args.as_of, "--json", *(["--reverse"] if name == "reverse" else [])],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ).stdout
        pairs = json.loads(out)["told"]
        for pair in pairs:
            pair["demand"] = pair["document" if name == "reverse" else "query"]
        told[name] = pairs
    return told


def graded(pairs):
    return [pair for pair in pairs if pair["grade"] is not None]


def counts(pairs, p, discuss_from, recommend_from):
    """What the verdicts do on the demands of these pairs, of which p are the probabilities."""
    by_demand = defaultdict(list)
    for pair, value in zip(pairs, p):
        by_demand[pair["demand"]].append((pair, value))
    refused, recommended, shown = [], [], []
    for own in by_demand.values():
        best = max((value for pair, value in own if pair["place"]), default=0.0)
        found = [(pair, value) for pair, value in own if (pair["grade"] or 0) >= 2]
        if found:
            shown.append(any(pair["place"] and value >= discuss_from for pair, value in found))
        else:
            refused.append(best < discuss_from)
            recommended.append(best >= recommend_from)
    return refused, recommended, shown


def precision(pairs, p, threshold):
    return [pair["grade"] >= 2 for pair, value in zip(pairs, p)
            if pair["grade"] is not None and value >= threshold]


def thresholds(told, p, keep):
    """The verdict's thresholds for what is in `keep`: set → flags.

    Where not all targets can be met, refusing comes first: a list that never says no is of no use.
    可洽谈 begins at the least probability at which enough demands of dev are refused, 建议对接 at the
    least one at which few enough are recommended and half of what is recommended, of dev and dev2
    together, is relevant.
    """
    part = {n: ([pair for pair, k in zip(told[n], keep[n]) if k], p[n][keep[n]]) for n in ("dev", "dev2")}
    mean = lambda flags: float(np.mean(flags)) if flags else 0.0
    refused = lambda t: mean(counts(*part["dev"], t, 1.0)[0])
    discuss = next(t for t in GRID if refused(t) >= TARGETS["refused"])
    right = lambda t: mean(precision(*part["dev"], t) + precision(*part["dev2"], t))
    few = lambda t: mean(counts(*part["dev"], 1.0, t)[1]) <= TARGETS["recommended"]
    fit = [t for t in GRID if t >= discuss and few(t) and right(t) >= TARGETS["precision"]]
    # Without such a threshold the most precise one decides.
    return discuss, fit[0] if fit else max(GRID[10:50], key=lambda t: (right(t), -t))


def calibration_error(p, y):
    """Expected calibration error over ten bins of equal width."""
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(abs(y[bins == b].mean() - p[bins == b].mean()) * (bins == b).mean()
               for b in range(10) if (bins == b).any())


def share(flags):
    """A share with its 95 % interval (Wilson 1927)."""
    n, hits, z = len(flags), sum(flags), 1.96
    if n == 0:
        return "none"
    middle = (hits / n + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(hits / n * (1 - hits / n) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{hits / n:.2f} ({hits} of {n}, {middle - half:.2f}–{middle + half:.2f})"


def calibrate(args, chosen, folds=10):
    """Curves, thresholds, sizes, and the lines that say what they reach."""
    told = told_pairs(args, chosen)
    demands = sorted({pair["demand"] for pairs in told.values() for pair in pairs})
    fold = {demand: n % folds for n, demand in enumerate(demands)}
    of = {name: np.array([fold[pair["demand"]] for pair in pairs]) for name, pairs in told.items()}
    p = {name: np.zeros(len(pairs)) for name, pairs in told.items()}
    for k in range(folds):
        train = [pair for pairs in told.values() for pair in graded(pairs) if fold[pair["demand"]] != k]
        curves = two_curves(train)
        for name, pairs in told.items():
            held = [pair for pair in pairs if fold[pair["demand"]] == k]
            if held:
                p[name][of[name] == k] = shown_probability(curves, held)
    lines = []
    for names in (["dev"], ["dev2"], ["reverse"], ["dev", "dev2", "reverse"]):
        judged = [(pair, value) for n in names for pair, value in zip(told[n], p[n])
                  if pair["grade"] is not None]
        y, values = relevant([pair for pair, _ in judged]), np.array([value for _, value in judged])
        base, upper = y.mean(), values >= 0.1
        skill = 1 - ((values - y) ** 2).mean() / (base * (1 - base))
        lines.append(f"{' + '.join(names)}: {len(y)} pairs, {int(y.sum())} relevant, Brier skill "
                     f"{skill:.3f}, calibration error {calibration_error(values, y):.3f}, among the "
                     f"{int(upper.sum())} with p ≥ 0.1 {calibration_error(values[upper], y[upper]):.3f}")
    # Thresholds, too, are chosen without the fold that they are tried on.
    held_out = [[], [], [], []]
    for k in range(folds):
        found = thresholds(told, p, {n: of[n] != k for n in p})
        held = [(pair, value) for pair, value, own in zip(told["dev"], p["dev"], of["dev"]) if own == k]
        pairs, values = [pair for pair, _ in held], [value for _, value in held]
        for flags, more in zip(held_out, (*counts(pairs, values, *found), precision(pairs, values, found[1]))):
            flags += more
    chosen_at = thresholds(told, p, {n: np.ones(len(v), bool) for n, v in p.items()})
    fixed = (*counts(told["dev"], p["dev"], *chosen_at), precision(told["dev"], p["dev"], chosen_at[1]))
    both = precision(told["dev"], p["dev"], chosen_at[1]) + precision(told["dev2"], p["dev2"], chosen_at[1])
    for name, target, flags, tried in zip(
        ("dev, no relevant supply: refused", "dev, no relevant supply: recommended",
         "dev, others: a relevant supply shown", "dev, recommended pairs: relevant"),
        ("≥ 0.60", "≤ 0.10", "≥ 0.80", "≥ 0.50"), fixed, held_out,
    ):
        lines.append(f"{name} {share(flags)}, target {target}; thresholds held out {share(tried)}")
    lines.append(f"dev + dev2, recommended pairs: relevant {share(both)}, target ≥ 0.50")
    print("\n" + "\n".join(lines))
    print(f"discuss from {chosen_at[0]}, recommend from {chosen_at[1]}")
    everything = [pair for pairs in told.values() for pair in graded(pairs)]
    curves = two_curves(everything)
    tables = {direction: knots(curve) for direction, curve in zip(DIRECTIONS, curves)}
    return tables, len(everything), int(relevant(everything).sum()), chosen_at, lines


def write_files(chosen, tables, n_pairs, n_positive, chosen_at, lines):
    head = "# Weights of the parts, per direction, in thousandths; each table sums to 1000. The tables\n" \
           "# `latin` are for askers whose text is mostly in Latin letters.\n" \
           "# Written by fit.py; numbers, freshness and maturity are set there by hand.\n"
    (HERE / "weights.toml").write_text(head + weights_text(chosen).rstrip("\n") + "\n", encoding="utf-8")
    reached = "".join(f"#   {line}\n" for line in lines)
    (HERE / "calibration.toml").write_text(
        "# From score to probability; written by fit.py. [score, probability] knots, interpolated.\n"
        "# What it reaches, by cross-validation over ten folds of whole demands; in brackets counts and\n"
        f"# 95 % intervals:\n{reached}"
        "# Refusing and recommending seldom come first; where that and showing the relevant supply cannot\n"
        "# both be had from these scores, the latter gives way.\n"
        f'note = "暂定校准：由一个市场的 {n_pairs} 对人工评分（其中 {n_positive} 对值得联系）拟合"\n'
        f'note_en = "provisional: fitted to {n_pairs} graded pairs of one market, {n_positive} of them worth a call"\n'
        f"for_demand = [{tables['for_demand']}]\nfor_supply = [{tables['for_supply']}]\n\n"
        f"[verdict]\ndiscuss_from = {chosen_at[0]}\nrecommend_from = {chosen_at[1]}\n",
        encoding="utf-8",
    )


def read_weights():
    """The weights that weights.toml holds."""
    tables = tomllib.loads((HERE / "weights.toml").read_text(encoding="utf-8"))
    return {(direction, script): tables[direction] if script == "han" else tables[direction]["latin"]
            for direction in DIRECTIONS for script in ("han", "latin")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duijie", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--as-of", default="2020-06-30", help="a day when the lists were current")
    parser.add_argument("--depth", type=int, default=3000, help="enough for every pair")
    parser.add_argument("--reuse", action="store_true", help="take runs that WORK holds already")
    parser.add_argument("--keep-weights", action="store_true",
                        help="fit the calibration alone, to the weights of weights.toml")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    if args.keep_weights:
        chosen = read_weights()
    else:
        chosen = choose_weights(part_values(args, prepare(args.data, args.work)))
    calibration = calibrate(args, chosen)
    if args.write:
        write_files(chosen, *calibration)


if __name__ == "__main__":
    main()
