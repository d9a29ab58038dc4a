#!/usr/bin/env python3
"""Writes the plain BM25 line of two lists as a TREC run: jieba's words, nothing else.

The BM25 ranking that `duijie match` writes beside its own is a strong one: it counts titles three
times, finds parts of words and leaves stop words out. This is the line as the literature draws it
(k1 1.5, b 0.75, name and context as one text, every word of the query counted as often as it
stands there), to compare with figures from elsewhere:

    python3 corpus/calibration/plain_bm25.py --queries D.jsonl --documents S.jsonl --out plain.trec
    duijie eval --run out/ranking.trec --qrels Q.tsv --baseline plain.trec

Needs jieba (0.42). Nothing is random; ties are broken by id.
"""

import argparse
import json
import math
from collections import Counter, defaultdict

import jieba

K1, B = 1.5, 0.75


def read(path):
    with open(path, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    text = lambda r: f"{r['name']} {r['context']}".lower()
    return [(r["id"], [w for w in jieba.cut(text(r)) if w.strip()]) for r in records]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", required=True)
    parser.add_argument("--documents", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--depth", type=int, default=100)
    args = parser.parse_args()
    queries, documents = read(args.queries), read(args.documents)

    average = sum(len(words) for _, words in documents) / len(documents)
    postings = defaultdict(list)
    for row, (_, words) in enumerate(documents):
        length = 1 - B + B * len(words) / average
        for word, count in Counter(words).items():
            postings[word].append((row, count * (K1 + 1) / (count + K1 * length)))
    n = len(documents)
    idf = {w: math.log(1 + (n - len(p) + 0.5) / (len(p) + 0.5)) for w, p in postings.items()}

    with open(args.out, "w", encoding="utf-8") as out:
        for query, words in queries:
            scores = defaultdict(float)
            for word, count in Counter(words).items():
                for row, impact in postings.get(word, ()):
                    scores[row] += count * idf[word] * impact
            best = sorted(scores.items(), key=lambda hit: (-hit[1], documents[hit[0]][0]))
            for rank, (row, score) in enumerate(best[: args.depth], 1):
                out.write(f"{query} Q0 {documents[row][0]} {rank} {score:.6f} plain-bm25\n")


if __name__ == "__main__":
    main()
