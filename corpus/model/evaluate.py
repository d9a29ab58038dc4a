"""Ranking quality on the graded sets: nDCG@10 with linear gain, as trec_eval computes it.

Market lists: only judged documents are ranked, and only queries that have a positive count.
Patents: every patent (or every university patent) is ranked, unjudged ones count as zero.
"""

import collections
import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

UNIVERSITY = re.compile("大学|学院|研究院|研究所|科学院|研究中心|学校")


@dataclass
class Task:
    """Queries, documents and, per query, the candidates and their grades."""

    name: str
    queries: list  # texts
    documents: list  # texts
    grades: list  # per query: {document index: grade}
    pools: list  # per query: array of document indices that are ranked


def _grades(path):
    table = collections.defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for line in file:
            query, _, document, grade = line.split("\t")
            table[query][document] = int(grade)
    return table


def _market(folder):
    texts = {}
    for name in ("demands", "supplies"):
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                texts[row["id"]] = f"{row['name']}\n{row['context']}"
    return texts


def tasks(data: Path):
    """The five development sets."""
    market = _market(data / "market_lists")
    for name in ("dev", "dev2", "reverse_dev"):
        table = _grades(data / "market_lists" / f"qrels_{name}.tsv")
        documents = sorted({document for row in table.values() for document in row})
        place = {document: i for i, document in enumerate(documents)}
        kept = [query for query in sorted(table) if max(table[query].values()) > 0]
        grades = [{place[d]: g for d, g in table[query].items()} for query in kept]
        pools = [np.array(sorted(row)) for row in grades]
        yield Task(
            f"market {name}",
            [market[query] for query in kept],
            [market[document] for document in documents],
            grades,
            pools,
        )
    folder = data / "patents_zh"
    with (folder / "patents.csv").open(encoding="utf-8", newline="") as file:
        patents = list(csv.DictReader(file))
    texts = {row["app_no"]: f"{row['title']}\n{row['abstract']}" for row in patents}
    with (folder / "ipc_zh.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["code"]: row["title"] for row in csv.DictReader(file)}
    for name, asks, kept in (
        ("ipc_maingroup", titles, lambda row: True),
        ("firm_to_univ", texts, lambda row: UNIVERSITY.search(row["applicant"])),
    ):
        table = _grades(folder / f"qrels_{name}.tsv")
        documents = [row["app_no"] for row in patents if kept(row)]
        place = {document: i for i, document in enumerate(documents)}
        queries = sorted(table)
        everything = np.arange(len(documents))
        yield Task(
            f"patents {name}",
            [asks[query] for query in queries],
            [texts[document] for document in documents],
            [{place[d]: g for d, g in table[query].items() if d in place} for query in queries],
            [everything] * len(queries),
        )


def ndcg(task: Task, scores, depth=10):
    """nDCG per query; `scores` is [n_queries, n_documents], ties by document order."""
    discount = 1 / np.log2(np.arange(2, depth + 2))
    values = []
    for row, grades, pool in zip(scores, task.grades, task.pools):
        order = pool[np.argsort(-row[pool], kind="stable")[:depth]]
        gains = np.array([grades.get(int(document), 0) for document in order], float)
        ideal = np.array(sorted(grades.values(), reverse=True)[:depth], float)
        best = ideal @ discount[: len(ideal)]
        values.append(gains @ discount[: len(gains)] / best if best > 0 else 0.0)
    return np.array(values)


def dense_scores(task: Task, embed):
    """Cosine similarities by a function from texts to unit rows."""
    return embed(task.queries) @ embed(task.documents).T


def bm25_scores(task: Task, k1=1.2, b=0.75):
    """BM25 over jieba's search words, statistics from the ranked documents."""
    import jieba

    def cut(text):
        return [w for w in jieba.lcut_for_search(text.lower()) if re.search(r"\w", w)]

    documents = [collections.Counter(cut(text)) for text in task.documents]
    lengths = np.array([sum(row.values()) for row in documents], float)
    postings = collections.defaultdict(list)
    for i, row in enumerate(documents):
        for word, n in row.items():
            postings[word].append((i, n))
    norm = k1 * (1 - b + b * lengths / lengths.mean())
    scores = np.zeros((len(task.queries), len(documents)))
    for q, text in enumerate(task.queries):
        for word in set(cut(text)):
            rows = postings.get(word, [])
            idf = np.log(1 + (len(documents) - len(rows) + 0.5) / (len(rows) + 0.5))
            for i, n in rows:
                scores[q, i] += idf * n * (k1 + 1) / (n + norm[i])
    return scores


def interval(values, seed=0, rounds=2000):
    """Mean and 95 % bootstrap interval over queries."""
    draw = np.random.default_rng(seed)
    means = values[draw.integers(0, len(values), (rounds, len(values)))].mean(1)
    return values.mean(), np.quantile(means, 0.025), np.quantile(means, 0.975)
