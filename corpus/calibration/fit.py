#!/usr/bin/env python3
"""Chooses the weights of the parts and fits the calibration, from graded pairs.

Part values come from the program itself (see sets.py): of the market's graded pairs from `duijie
eval --json`, of patents and awards from `duijie match` with all weight on one part and a deep ranking.
Then, per direction and script, the weights are searched on a grid. What is compared is nDCG@10
(linear gain) and, where grades say what is worth a call, the reciprocal rank of the first such answer,
each over that of the best single part on the same set, so that no set dominates; a split must not be
worse than the best part on any set by either (by a hundredth at most). Of those that the queries cannot
tell from the best, the middle is taken: for Chinese the middle of those whose curves, as below, give the
graded pairs the greatest likelihood, both directions together.

Last, it runs `duijie eval` with the chosen weights on the market lists and fits the calibration to all
graded pairs, of both directions: per direction a logistic curve of "grade 2 or 3" on its score; what
is shown is the mean of the two. Curves are written as tables of knots. The verdict's thresholds are
chosen for stated targets. Everything is reported by cross-validation over whole demands, in which
weights, curves and thresholds are all chosen without the demands that they are tried on.

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

PARTS = ["lexical", "terms", "dense", "passage", "numbers", "field", "freshness", "maturity"]
FREE = ["lexical", "terms", "dense", "passage"]
HERE = pathlib.Path(__file__).parent
# A judge's reading says nothing about age or maturity, and the market's classes are so coarse that the
# likelihood of its grades would rather do without them; these weights are set by hand, small: they
# order pairs that are otherwise alike. Numbers are judged in 46 of the 3,434 graded pairs of dev and
# dev2, too few to fit a weight: 30 is enough that of two supplies that differ in one figure the one
# that meets it stands first; 70 lifted pairs about something else (dev, judged: .645 against .655).
BY_HAND = {
    "for_demand": {"numbers": 30, "field": 20, "freshness": 20, "maturity": 30},
    "for_supply": {"numbers": 30, "field": 20, "freshness": 30, "maturity": 0},
}
DIRECTIONS = {"for_demand": "ranking.trec", "for_supply": "ranking.reverse.trec"}
BASELINES = {"for_demand": "ranking.bm25.trec", "for_supply": "ranking.reverse.bm25.trec"}
MARKET = {"dev": "for_demand", "dev2": "for_demand", "reverse": "for_supply"}
STEP = 50
# A split may fall short of the best single part on a set by so little that no reader of ten results
# would see it: a hundredth of its nDCG.
LEAST_RATIO = 0.99
# Splits within so many standard errors of the best are taken for equally good at ranking.
NEAR = 1
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


def everywhere(of):
    """The same weights for both directions and scripts."""
    return {(direction, script): of for direction in DIRECTIONS for script in ("han", "latin")}


def run(args, folder, name, weights):
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
         "--depth", str(args.depth), "--candidates", str(args.depth), "--top", "1",
         "--per-demand", "1", "--per-supply", "1", "--backend", "cpu", "--as-of", args.as_of],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return out


def dcg(gains):
    return float(gains @ DISCOUNT[: len(gains)])


class Values:
    """The part values of one task's queries: `parts` is per query [part, document] in the order of
    `PARTS`, NaN where a part is missing."""

    def __init__(self, name, direction, script):
        self.name, self.direction, self.script = name, direction, script
        self.queries, self.parts, self.gains, self.bm25 = [], [], [], []

    def add(self, query, parts, gains, bm25):
        self.queries.append(query)
        self.parts.append(parts)
        self.gains.append(gains)
        self.bm25.append(bm25)

    def scores(self, weights, at):
        """[weights, document] as the program computes them: what is missing is shared out."""
        values = self.parts[at]
        present = ~np.isnan(values)
        return weights @ np.nan_to_num(values) / np.maximum(weights @ present, 1)

    def table(self, grid, all_weights):
        """split → nDCG@10 of every query, ties by document."""
        found = np.empty((len(grid), len(self.queries)))
        for at, gains in enumerate(self.gains):
            # Rounding as the program does, so that ties are ties.
            scores = np.round(self.scores(all_weights, at), 6)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
            ideal = dcg(np.sort(gains)[::-1][:10])
            found[:, at] = gains[order] @ DISCOUNT[: order.shape[1]] / ideal
        return {split: found[i] for i, split in enumerate(grid)}

    def first_calls(self, grid, all_weights):
        """split → reciprocal rank of the first grade ≥ 2, NaN for queries without one; or None."""
        if not any(gains.max() >= 2 for gains in self.gains):
            return None
        found = np.full((len(grid), len(self.queries)), np.nan)
        for at, gains in enumerate(self.gains):
            if gains.max() >= 2:
                scores = np.round(self.scores(all_weights, at), 6)
                order = np.argsort(-scores, axis=1, kind="stable")
                found[:, at] = 1 / (1 + np.argmax(gains[order] >= 2, axis=1))
        return {split: found[i] for i, split in enumerate(grid)}

    def of_bm25(self):
        found = []
        for row, gains in zip(self.bm25, self.gains):
            order = np.argsort(-row, kind="stable")[:10]
            found.append(dcg(gains[order]) / dcg(np.sort(gains)[::-1][:10]))
        return np.array(found)


def deep_values(args, tasks):
    """Of patents and awards: one run per part, cut to the documents that can reach a top ten.

    A document that no single part ranks among its first two hundred is left out, unless it is
    graded: ten better ones are nearly always at hand. Their lists name no field or date."""
    for folder, of_folder in itertools.groupby(tasks, key=lambda task: task.folder):
        outs = {
            part: run(args, folder, f"only-{part}", everywhere({p: 1000 * int(p == part) for p in PARTS}))
            for part in FREE
        }
        for task in of_folder:
            file, baseline = DIRECTIONS[task.direction], BASELINES[task.direction]
            per_part = {part: read_scores(out / file, task.qrels) for part, out in outs.items()}
            bm25 = read_scores(outs["lexical"] / baseline, task.qrels)
            values = Values(task.name, task.direction, task.script)
            for query, grades in sorted(task.qrels.items()):
                if max(grades.values()) <= 0:
                    continue
                documents = set(grades)
                for scores in per_part.values():
                    of_query = scores.get(query, {})
                    documents.update(sorted(of_query, key=lambda d: (-of_query[d], d))[:DEPTH_PER_PART])
                documents.discard(query)
                documents = sorted(documents)
                parts = np.array([
                    [per_part[p].get(query, {}).get(d, 0.0) for d in documents] if p in per_part
                    else [np.nan] * len(documents) for p in PARTS
                ])
                gains = np.array([max(grades.get(d, 0), 0) for d in documents], float)
                values.add(query, parts, gains,
                           np.array([bm25.get(query, {}).get(d, 0.0) for d in documents]))
            yield values


def part_array(pair, direction):
    values = pair[f"parts_{direction}"]
    return np.array([np.nan if values[part] is None else float(values[part]) for part in PARTS])


def market_values(told):
    """Of the market: graded pairs only, because the pools are shallow."""
    for name, direction in MARKET.items():
        values = Values(f"market {name}", direction, "han")
        by_query = defaultdict(list)
        for pair in graded(told[name]):
            by_query[pair["query"]].append(pair)
        for query, pairs in sorted(by_query.items()):
            pairs.sort(key=lambda pair: pair["document"])
            gains = np.array([float(max(pair["grade"], 0)) for pair in pairs])
            if gains.max() > 0:
                parts = np.array([part_array(pair, direction) for pair in pairs]).T
                values.add(query, parts, gains, np.nan_to_num(parts[PARTS.index("lexical")]))
        yield values


def splits(n, total=1000):
    """All ways to split `total` into `n` multiples of STEP."""
    if n == 1:
        yield (total,)
        return
    for first in range(0, total + 1, STEP):
        for rest in splits(n - 1, total - first):
            yield (first, *rest)


def full_weights(split, direction):
    """The weights of all parts that a split of the free ones comes to, in thousandths."""
    hand = BY_HAND[direction]
    total = 1000 - sum(hand.values())
    scaled = [round(w * total / 1000) for w in split]
    scaled[scaled.index(max(scaled))] += total - sum(scaled)
    return {part: {**dict(zip(FREE, scaled)), **hand}[part] for part in PARTS}


def as_rows(grid, direction):
    return np.array([[full_weights(s, direction)[part] for part in PARTS] for s in grid], float)


def mean(values):
    return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan


def near_best(tables, seen):
    """The splits that the `seen` queries (per table, flags) cannot tell from the best at ranking, of
    those that are not worse than the best part on any table; tables are split → value per query."""
    cut = [{s: v[flags] for s, v in table.items()} for table, flags in zip(tables, seen)]
    # A measure of which nothing is left cannot tell anything.
    cut = [table for table in cut if np.isfinite(next(iter(table.values()))).any()]
    alone = [tuple(1000 * int(p == q) for q in range(len(FREE))) for p in range(len(FREE))]
    best_part = [max(mean(table[s]) for s in alone if s in table) for table in cut]
    ratio = {s: [mean(table[s]) / best for table, best in zip(cut, best_part)] for s in cut[0]}
    allowed = [s for s, r in ratio.items() if min(r) >= LEAST_RATIO]
    # Where nothing is as good as the best part everywhere, the least bad worst sets decide.
    if not allowed:
        allowed = sorted(ratio, key=lambda s: (-min(ratio[s]), s))[:20]
    top = max(allowed, key=lambda s: (np.mean(ratio[s]), s))
    near = []
    for s in allowed:
        losses = [(table[top] - table[s]) / best for table, best in zip(cut, best_part)]
        losses = [l[np.isfinite(l)] for l in losses]
        loss = np.mean([l.mean() for l in losses])
        error = math.sqrt(sum(l.var(ddof=1) / len(l) for l in losses)) / len(losses)
        if loss <= NEAR * error:
            near.append(s)
    return near


def middle_of(some, near):
    """The one of `near` that is nearest to the mean of some."""
    middle = np.mean(some, axis=0)
    return min(near, key=lambda s: (float(((np.array(s) - middle) ** 2).sum()), s))


def interval(values, rounds=2000):
    values = values[np.isfinite(values)]
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


class Pairs:
    """All graded pairs of the market, as both directions see them."""

    def __init__(self, told):
        pairs = [pair for of_set in told.values() for pair in graded(of_set)]
        self.relevant = relevant(pairs)
        self.demands = np.array([pair["demand"] for pair in pairs])
        self.parts = {d: np.array([part_array(pair, d) for pair in pairs]).T for d in DIRECTIONS}

    def curve(self, direction, weights, keep):
        """The probabilities of the kept pairs by a curve on this direction's score."""
        values = self.parts[direction][:, keep]
        present = ~np.isnan(values)
        x = weights @ np.nan_to_num(values) / np.maximum(weights @ present, 1)
        return probability(logistic(x, self.relevant[keep]), x)

    def likeliest(self, near, keep):
        """Of the near best splits of both directions the middle of those pairs by which the mean of
        both curves, which is what is shown, gives the kept pairs the greatest likelihoods: the best
        tenth, because the very best one is so by chance."""
        y = self.relevant[keep]
        p = [np.array([self.curve(d, row, keep) for row in as_rows(near[d], d)]) for d in DIRECTIONS]
        found = np.array([
            (y * np.log((own + p[1]) / 2) + (1 - y) * np.log(1 - (own + p[1]) / 2)).mean(axis=1)
            for own in p[0]
        ])
        best = np.argwhere(found >= np.quantile(found, 0.9))
        return {d: middle_of([near[d][n] for n in best[:, at]], near[d]) for at, d in enumerate(DIRECTIONS)}


def choose_weights(all_values, pairs, demand_fold):
    """(direction, script) → weights; and the same again per fold, chosen without its demands."""
    of, tables = defaultdict(list), defaultdict(list)
    for v in all_values:
        grid = list(splits(len(FREE)))
        rows = as_rows(grid, v.direction)
        key = (v.direction, v.script)
        of[key].append(v)
        tables[key].append((v, "nDCG@10", v.table(grid, rows)))
        calls = v.first_calls(grid, rows)
        if calls:
            tables[key].append((v, "first worth a call", calls))

    def flags(key, fold):
        # A market query goes with its demand; others by their place.
        found = []
        for v, *_ in tables[key]:
            own = v.name.startswith("market") and v.direction == "for_demand"
            folds = [demand_fold[q] if own else n % FOLDS for n, q in enumerate(v.queries)]
            found.append(np.array(folds) != fold)
        return found

    def pick(fold):
        near = {key: near_best([t for *_, t in of_key], flags(key, fold)) for key, of_key in tables.items()}
        keep = np.array([demand_fold[d] != fold for d in pairs.demands])
        likeliest = pairs.likeliest({d: near[d, "han"] for d in DIRECTIONS}, keep)
        found = {(d, "han"): likeliest[d] for d in DIRECTIONS}
        found |= {key: middle_of(splits_, splits_) for key, splits_ in near.items() if key[1] == "latin"}
        return found

    before = read_weights()
    whole = lambda found: before | {key: full_weights(split, key[0]) for key, split in found.items()}
    found = pick(None)
    per_fold = [pick(fold) for fold in range(FOLDS)]
    for key, of_key in tables.items():
        split = found[key]
        print(f"\n{' '.join(key)}: split {split}, weights {full_weights(split, key[0])}")
        print("  per fold: " + ", ".join(str(of_fold[key]) for of_fold in per_fold))
        for n, (v, what, table) in enumerate(of_key):
            held_out = np.zeros(len(v.queries))
            for fold, of_fold in enumerate(per_fold):
                held = ~flags(key, fold)[n]
                held_out[held] = table[of_fold[key]][held]
            alone = {p: mean(table[tuple(1000 * int(p == q) for q in FREE)]) for p in FREE}
            deep = what == "nDCG@10" and not v.name.startswith("market")
            print(f"  {v.name} ({len(v.queries)}) {what}: "
                  + (f"BM25 {interval(v.of_bm25())}, " if deep else "")
                  + "alone " + ", ".join(f"{p} {x:.3f}" for p, x in alone.items())
                  + f"; chosen {interval(table[split])}; held out {interval(held_out)}", flush=True)
    return whole(found), [whole(of_fold) for of_fold in per_fold]


def shown_probability(curves, scores):
    return (probability(curves[0], scores[:, 0]) + probability(curves[1], scores[:, 1])) / 2


KNOTS = np.arange(0, 101, 2) / 100


def knots(curve):
    return ", ".join(f"[{x:.2f}, {p:.6f}]" for x, p in zip(KNOTS, probability(curve, KNOTS)))


def tabled_probability(curves, scores):
    """What the program shows: between the knots of the written tables it is interpolated."""
    of = [np.interp(scores[:, n], KNOTS, probability(curve, KNOTS)) for n, curve in enumerate(curves)]
    return (of[0] + of[1]) / 2


# What the verdict is to do, on the demands of dev (the 60): the share of those without a
# relevant supply that are refused, at most so many of them recommended, the share of the others that
# are shown a relevant supply itself, and the precision of what is recommended.
TARGETS = {"refused": 0.60, "recommended": 0.10, "shown": 0.80, "precision": 0.50}
GRID = [n / 200 for n in range(2, 161)]


def told_pairs(args, weights, name):
    """What the program says, with these weights and the whole lists, of every graded pair and of
    the first twenty of every query: set → pairs, each with its demand."""
    path = args.work / f"{name}.weights.toml"
    path.write_text(weights_text(weights), encoding="utf-8")
    market = args.data / "market_lists"
    told = {}
    for of_set, file in (("dev", "dev"), ("dev2", "dev2"), ("reverse", "reverse_dev")):
        kept = args.work / f"{name}.{of_set}.json"
        if not (args.reuse and kept.exists()):
            out = subprocess.run(
                [args.duijie, "eval", "--demands", market / "demands.jsonl", "--supplies",
                 market / "supplies.jsonl", "--qrels", market / f"qrels_{file}.tsv", "--weights",
                 path, "--as-of", args.as_of, "--json", *(["--reverse"] if of_set == "reverse" else [])],
                check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            ).stdout
            kept.write_bytes(out)
        pairs = json.loads(kept.read_bytes())["told"]
        for pair in pairs:
            pair["demand"] = pair["document" if of_set == "reverse" else "query"]
        told[of_set] = pairs
    return told


def graded(pairs):
    return [pair for pair in pairs if pair["grade"] is not None]


def relevant(pairs):
    return np.array([float((p["grade"] or 0) >= 2) for p in pairs])


def scores_of(pairs, weights):
    """[pair, direction] by these weights, as the program computes them."""
    columns = []
    for direction in DIRECTIONS:
        row = np.array([weights[direction, "han"][part] for part in PARTS], float)
        values = np.array([part_array(pair, direction) for pair in pairs]).T
        columns.append(row @ np.nan_to_num(values) / np.maximum(row @ ~np.isnan(values), 1))
    return np.stack(columns, 1)


def two_curves(scores, y):
    """Per direction a logistic curve on its own score, over the graded pairs of both directions.

    Each curve estimates the same event by itself, as mutual scores need it. Fitted together, so that
    their mean has the least log loss, the mean is calibrated a little better and the curves no more:
    the demand's runs ahead, the supply's lags behind.
    """
    return [logistic(scores[:, 0], y), logistic(scores[:, 1], y)]


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


def thresholds(told, held_out, fitted, keep):
    """The verdict's thresholds for what is in `keep` (set → flags), by two sets of probabilities at
    once: held out, and of the curves that are fitted to all pairs.

    Where not all targets can be met, refusing comes first: a list that never says no is of no use.
    可洽谈 begins at the least probability at which enough demands of dev are refused, 建议对接 at the
    least one at which few enough are recommended and half of what is recommended is relevant, of dev
    and of dev and dev2 together.
    """
    part = [
        {n: ([pair for pair, k in zip(told[n], keep[n]) if k], p[n][keep[n]]) for n in ("dev", "dev2")}
        for p in (held_out, fitted)
    ]
    share_of = lambda flags: float(np.mean(flags)) if flags else 0.0
    refused = lambda t: min(share_of(counts(*p["dev"], t, 1.0)[0]) for p in part)
    discuss = next(t for t in GRID if refused(t) >= TARGETS["refused"])

    def right(t):
        rows = [[precision(*p[n], t) for n in ("dev", "dev2")] for p in part]
        return min(share_of(flags) for dev, dev2 in rows for flags in (dev, dev + dev2))

    few = lambda t: max(share_of(counts(*p["dev"], 1.0, t)[1]) for p in part) <= TARGETS["recommended"]
    fit = [t for t in GRID if t >= discuss and few(t) and right(t) >= TARGETS["precision"]]
    # Without such a threshold the most precise one decides.
    return discuss, fit[0] if fit else max(GRID[40:100], key=lambda t: (right(t), -t))


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


def skill(p, y):
    base = y.mean()
    return 1 - ((p - y) ** 2).mean() / (base * (1 - base))


def over_demands(measure, pairs, p, rounds=2000):
    """A measure of probabilities with its 95 % interval, demands drawn with replacement."""
    y, owners = relevant(pairs), np.array([pair["demand"] for pair in pairs])
    rows = [np.flatnonzero(owners == demand) for demand in np.unique(owners)]
    draw, found = np.random.default_rng(0), []
    for _ in range(rounds):
        at = np.concatenate([rows[n] for n in draw.integers(0, len(rows), len(rows))])
        if 0 < y[at].sum() < len(at):
            found.append(measure(p[at], y[at]))
    return f"{measure(p, y):.3f} ({np.quantile(found, 0.025):.3f}–{np.quantile(found, 0.975):.3f})"


def upper_error(p, y):
    upper = p >= 0.1
    return calibration_error(p[upper], y[upper]) if upper.any() else 0.0


def calibrate(args, chosen, without, demand_fold):
    """Curves, thresholds, sizes, and the lines that say what they reach."""
    told = told_pairs(args, chosen, "chosen")
    of = {name: np.array([demand_fold[pair["demand"]] for pair in pairs]) for name, pairs in told.items()}
    p = {name: np.zeros(len(pairs)) for name, pairs in told.items()}
    everything = [pair for pairs in told.values() for pair in graded(pairs)]
    y, fold_of = relevant(everything), np.array([demand_fold[pair["demand"]] for pair in everything])
    for fold in range(FOLDS):
        seen = fold_of != fold
        curves = two_curves(scores_of(everything, without[fold])[seen], y[seen])
        for name, pairs in told.items():
            held = [pair for pair, own in zip(pairs, of[name]) if own == fold]
            if held:
                p[name][of[name] == fold] = shown_probability(curves, scores_of(held, without[fold]))
    lines = []
    for names in (["dev"], ["dev2"], ["reverse"], ["dev", "dev2", "reverse"]):
        judged = [(pair, value) for n in names for pair, value in zip(told[n], p[n])
                  if pair["grade"] is not None]
        pairs, values = [pair for pair, _ in judged], np.array([value for _, value in judged])
        lines.append(
            f"{' + '.join(names)}: {len(pairs)} pairs, {int(relevant(pairs).sum())} relevant, Brier skill "
            f"{over_demands(skill, pairs, values)}, calibration error "
            f"{over_demands(calibration_error, pairs, values)}, among the {int((values >= 0.1).sum())} "
            f"with p ≥ 0.1 {over_demands(upper_error, pairs, values)}")
    curves = two_curves(scores_of(everything, chosen), y)
    fitted = {name: tabled_probability(curves, scores_of(pairs, chosen)) for name, pairs in told.items()}
    # Thresholds, too, are chosen without the fold that they are tried on.
    held_out = [[], [], [], []]
    for fold in range(FOLDS):
        found = thresholds(told, p, fitted, {n: of[n] != fold for n in p})
        held = [(pair, value) for pair, value, own in zip(told["dev"], p["dev"], of["dev"]) if own == fold]
        pairs, values = [pair for pair, _ in held], [value for _, value in held]
        for flags, more in zip(held_out, (*counts(pairs, values, *found), precision(pairs, values, found[1]))):
            flags += more
    chosen_at = thresholds(told, p, fitted, {n: np.ones(len(v), bool) for n, v in p.items()})
    for of_set in ("dev", "dev2"):
        fixed = (*counts(told[of_set], p[of_set], *chosen_at),
                 precision(told[of_set], p[of_set], chosen_at[1]))
        for name, target, flags, tried in zip(
            ("no relevant supply: refused", "no relevant supply: recommended",
             "others: a relevant supply shown", "recommended pairs: relevant"),
            ("≥ 0.60", "≤ 0.10", "≥ 0.80", "≥ 0.50"), fixed, held_out,
        ):
            more = f"; thresholds held out {share(tried)}" if of_set == "dev" else ""
            lines.append(f"{of_set}, {name} {share(flags)}, target {target}{more}")
    print("\n" + "\n".join(lines))
    print(f"discuss from {chosen_at[0]}, recommend from {chosen_at[1]}")
    print("\nthreshold: dev refused | dev shown | dev2 refused | dev2 shown")
    for t in (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2):
        row = [counts(told[n], p[n], t, 1.0) for n in ("dev", "dev2")]
        print(f"  {t:.2f}: " + " | ".join(f"{np.mean(flags):.2f}" for r in row for flags in (r[0], r[2])))
    tables = {direction: knots(curve) for direction, curve in zip(DIRECTIONS, curves)}
    return tables, len(everything), int(y.sum()), chosen_at, lines


def write_files(chosen, tables, n_pairs, n_positive, chosen_at, lines):
    head = "# Weights of the parts, per direction, in thousandths; each table sums to 1000. The tables\n" \
           "# `latin` are for askers whose text is mostly in Latin letters.\n" \
           "# Written by fit.py; numbers, field, freshness and maturity are set there by hand.\n"
    (HERE / "weights.toml").write_text(head + weights_text(chosen).rstrip("\n") + "\n", encoding="utf-8")
    reached = "".join(f"#   {line}\n" for line in lines)
    (HERE / "calibration.toml").write_text(
        "# From score to probability; written by fit.py. [score, probability] knots, interpolated.\n"
        f"# What it reaches, by cross-validation over {FOLDS} folds of whole demands, weights, curves and\n"
        f"# thresholds chosen without the fold; in brackets counts and 95 % intervals:\n{reached}"
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
    parser.add_argument("--sets", default="ipc,firm,sbir", help="sets beside the market's")
    parser.add_argument("--keep-weights", action="store_true",
                        help="fit the calibration alone, to the weights of weights.toml")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    # Values of parts do not depend on weights; which pairs are told beside the graded ones does.
    told = told_pairs(args, read_weights(), "before")
    pairs = Pairs(told)
    demands = sorted({pair["demand"] for of_set in told.values() for pair in of_set})
    demand_fold = defaultdict(int, {demand: n % FOLDS for n, demand in enumerate(demands)})
    if args.keep_weights:
        chosen = read_weights()
        without = [chosen] * FOLDS
    else:
        tasks = [task for task in prepare(args.data, args.work) if task.folder.name in args.sets.split(",")]
        values = [*market_values(told), *deep_values(args, tasks)]
        chosen, without = choose_weights(values, pairs, demand_fold)
    calibration = calibrate(args, chosen, without, demand_fold)
    if args.write:
        write_files(chosen, *calibration)


if __name__ == "__main__":
    main()
