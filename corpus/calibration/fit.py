#!/usr/bin/env python3
"""Chooses the weights of the parts and fits the calibration, from graded pairs.

Runs the program itself: once per part with all weight on that part and a deep ranking, which
gives every pair's part value; then searches the weights on a grid by nDCG@10 (linear gain, judged
documents only) over the queries with a positive grade, all sets pooled; then runs once with the
chosen weights and fits, per direction, a logistic curve of "grade 2 or 3" on the score, written as
a table of knots. Quality of the fit is reported by cross-validation, folds of whole queries.

    python3 corpus/calibration/fit.py --duijie target/release/duijie --work WORK \\
        --demands D.jsonl --supplies S.jsonl --qrels A.tsv B.tsv --reverse-qrels C.tsv

Only the standard library is used. Nothing is random. The weights are printed and written only with
`--write`, which replaces weights.toml and calibration.toml beside this script.
"""

import argparse
import itertools
import math
import pathlib
import subprocess
from collections import defaultdict

PARTS = ["lexical", "dense", "field", "freshness", "maturity"]
HERE = pathlib.Path(__file__).parent
# A judge's reading says nothing about age or maturity; their weights are set by hand, small: they
# order pairs that are otherwise alike.
BY_HAND = {
    "for_demand": {"freshness": 20, "maturity": 30},
    "for_supply": {"freshness": 30, "maturity": 0},
}
STEP = 25


def read_qrels(paths):
    grades = defaultdict(dict)
    for path in paths:
        for line in open(path, encoding="utf-8"):
            fields = line.split()
            if fields:
                grades[fields[0]][fields[2]] = int(fields[3])
    return grades


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
    for direction in ("for_demand", "for_supply"):
        lines.append(f"[{direction}]")
        lines += [f"{part} = {weights[direction][part]}" for part in PARTS]
        lines.append("")
    return "\n".join(lines)


def run(args, name, weights, depth):
    out = args.work / name
    path = args.work / f"{name}.weights.toml"
    path.write_text(weights_text(weights), encoding="utf-8")
    subprocess.run(
        [args.duijie, "match", "--demands", args.demands, "--supplies", args.supplies,
         "--out", out, "--weights", path, "--depth", str(depth), "--candidates", str(depth),
         "--top", "1", "--backend", "cpu", "--as-of", args.as_of],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return out


def ndcg(ranked, grades):
    gain = lambda gs: sum(max(g, 0) / math.log2(i + 2) for i, g in enumerate(gs[:10]))
    best = gain(sorted(grades, reverse=True))
    return gain(ranked) / best if best else 0.0


def ndcg_of_queries(values, qrels, weights, free):
    """nDCG@10 of every query that has a positive grade, in order of the queries."""
    found = []
    for query, grades in sorted(qrels.items()):
        if max(grades.values()) <= 0:
            continue
        score = lambda d: sum(weights[p] * values[p][query].get(d, 0.0) for p in free)
        judged = sorted(grades, key=lambda d: (-score(d), d))
        found.append(ndcg([grades[d] for d in judged], list(grades.values())))
    return found


def mean(numbers):
    return sum(numbers) / len(numbers)


def grid(total, n):
    """All ways to split `total` into `n` multiples of STEP."""
    if n == 1:
        yield (total,)
        return
    for first in range(0, total + 1, STEP):
        for rest in grid(total - first, n - 1):
            yield (first, *rest)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duijie", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--demands", required=True)
    parser.add_argument("--supplies", required=True)
    parser.add_argument("--qrels", required=True, nargs="+")
    parser.add_argument("--reverse-qrels", required=True, nargs="+")
    parser.add_argument("--as-of", default="2020-06-30", help="a day when the lists were current")
    parser.add_argument("--depth", type=int, default=3000)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    sets = {
        "for_demand": ("ranking.trec", read_qrels(args.qrels)),
        "for_supply": ("ranking.reverse.trec", read_qrels(args.reverse_qrels)),
    }
    values = {direction: {} for direction in sets}
    free = ["lexical", "dense", "field"]
    for part in free:
        only = {d: {p: 1000 if p == part else 0 for p in PARTS} for d in sets}
        out = run(args, f"only-{part}", only, args.depth)
        for direction, (file, qrels) in sets.items():
            values[direction][part] = read_scores(out / file, qrels)

    chosen = {}
    for direction, (_, qrels) in sets.items():
        by_hand = BY_HAND[direction]
        total = 1000 - sum(by_hand.values())
        rounded = total - total % STEP
        results = []
        for split in grid(rounded, len(free)):
            weights = dict(zip(free, split))
            results.append((ndcg_of_queries(values[direction], qrels, weights, free), split))
        top = max((found for found, _ in results), key=mean)
        best = mean(top)
        # Splits whose shortfall is within its own standard error the queries cannot tell from the
        # best; the middle of those is the least fitted to these very queries.
        near = []
        for found, split in results:
            loss = [a - b for a, b in zip(top, found)]
            spread = math.sqrt(sum((x - mean(loss)) ** 2 for x in loss) / (len(loss) - 1) / len(loss))
            if mean(loss) <= spread:
                near.append(split)
        middle = [sum(s[i] for s in near) / len(near) for i in range(len(free))]
        split = [round(m) for m in middle]
        split[1] += total - sum(split)
        chosen[direction] = {**dict(zip(free, split)), **by_hand}
        only = lambda p: {q: float(q == p) for q in free}
        alone = {p: mean(ndcg_of_queries(values[direction], qrels, only(p), free)) for p in free}
        got = mean(ndcg_of_queries(values[direction], qrels, chosen[direction], free))
        print(direction, "alone:", {p: round(v, 3) for p, v in alone.items()},
              "best on the grid:", round(best, 3), "chosen:", chosen[direction], round(got, 3))

    out = run(args, "chosen", chosen, args.depth)
    tables, all_predicted = {}, []
    n_pairs = n_positive = 0
    for direction, (file, qrels) in sets.items():
        points = points_of(read_scores(out / file, qrels), qrels)
        curve = logistic([(x, y) for _, x, y in points])
        tables[direction] = knots(curve)
        predicted = cross_validated(points)
        all_predicted += predicted
        base = sum(y for _, y in predicted) / len(predicted)
        brier = sum((p - y) ** 2 for p, y in predicted) / len(predicted)
        skill = 1 - brier / (base * (1 - base))
        n_pairs, n_positive = n_pairs + len(points), n_positive + int(sum(y for *_, y in points))
        print(direction, f"pairs {len(points)} base rate {base:.3f} Brier skill (10-fold) {skill:.3f} "
              f"a {curve[0]:.3f} b {curve[1]:.3f}")
    for threshold in [x / 100 for x in range(5, 80, 5)]:
        kept = [y for p, y in all_predicted if p >= threshold]
        if kept:
            print(f"p ≥ {threshold:.2f}: {len(kept)} pairs, precision {sum(kept) / len(kept):.2f}, "
                  f"recall {sum(kept) / n_positive:.2f}")
    if args.write:
        head = "# Weights of the parts, per direction, in thousandths; each direction sums to 1000.\n" \
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


if __name__ == "__main__":
    main()
