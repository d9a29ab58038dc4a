"""The development sets as lists that the program reads: nothing of their labels is in them.

Every set is a folder WORK/NAME with demands.jsonl and supplies.jsonl (id, name, context), and the
grades by query. Directions: `for_demand` ranks supplies for demands, `for_supply` the other way;
the reverse of a set of patents or awards has the same grades, read from the other side.

- market: a technology market's lists; judged documents only, because the pools are shallow.
- ipc: titles of IPC main groups against all patents (title and abstract; no label column).
- firm: patents of firms against those of universities and institutes.
- sbir: topics against awards, in English; titles are hidden, since the grades come from them.
"""

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

UNIVERSITY = re.compile("大学|学院|研究院|研究所|科学院|研究中心|学校")


@dataclass
class Task:
    """Queries of one direction of one set, with their grades."""

    name: str
    folder: Path
    direction: str
    script: str
    judged_only: bool
    qrels: dict


def read_qrels(*paths):
    grades = defaultdict(dict)
    for path in paths:
        for line in path.open(encoding="utf-8"):
            fields = line.split()
            if fields:
                grades[fields[0]][fields[2]] = int(fields[3])
    return grades


def without_itself(qrels):
    """A patent of a firm and a university stands on both sides; it is not its own answer."""
    return {
        query: others
        for query, grades in qrels.items()
        if (others := {d: g for d, g in grades.items() if d != query})
    }


def turned(qrels):
    grades = defaultdict(dict)
    for query, documents in qrels.items():
        for document, grade in documents.items():
            grades[document][query] = grade
    return grades


def write(path, records):
    with path.open("w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


def jsonl(path):
    return [json.loads(line) for line in path.open(encoding="utf-8") if line.strip()]


def prepare(data, work):
    """Writes the lists below `work` and returns the tasks."""
    tasks = []

    def folder(name, demands, supplies):
        path = work / name
        path.mkdir(parents=True, exist_ok=True)
        write(path / "demands.jsonl", demands)
        write(path / "supplies.jsonl", supplies)
        return path

    def both_ways(name, path, script, qrels):
        tasks.append(Task(name, path, "for_demand", script, False, qrels))
        grades = turned(qrels)
        tasks.append(Task(f"{name} turned", path, "for_supply", script, False, grades))

    # Only the askers that are graded are asked; what answers is the whole list, so nothing about
    # its words changes.
    market = data / "market_lists"
    demands, supplies = jsonl(market / "demands.jsonl"), jsonl(market / "supplies.jsonl")
    graded = {
        name: read_qrels(market / f"qrels_{file}.tsv")
        for name, file in (("dev", "dev"), ("dev2", "dev2"), ("reverse", "reverse_dev"))
    }
    asked = {query for name in ("dev", "dev2") for query in graded[name]}
    path = folder("market", [row for row in demands if row["id"] in asked], supplies)
    for name in ("dev", "dev2"):
        tasks.append(Task(f"market {name}", path, "for_demand", "han", True, graded[name]))
    asking = [row for row in supplies if row["id"] in graded["reverse"]]
    path = folder("market-turned", demands, asking)
    tasks.append(Task("market reverse", path, "for_supply", "han", True, graded["reverse"]))

    patents = data / "patents_zh"
    with (patents / "patents.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    record = {
        row["app_no"]: {"id": row["app_no"], "name": row["title"], "context": row["abstract"]}
        for row in rows
    }
    qrels = read_qrels(patents / "qrels_ipc_maingroup.tsv")
    with (patents / "ipc_zh.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["code"]: row["title"] for row in csv.DictReader(file)}
    asked = [{"id": code, "name": titles[code], "context": ""} for code in sorted(qrels)]
    tasks.append(
        Task("ipc", folder("ipc", asked, record.values()), "for_demand", "han", False, qrels)
    )
    qrels = without_itself(read_qrels(patents / "qrels_firm_to_univ.tsv"))
    pool = [row["app_no"] for row in rows if UNIVERSITY.search(row["applicant"])]
    path = folder("firm", [record[q] for q in sorted(qrels)], [record[s] for s in pool])
    both_ways("firm", path, "han", qrels)

    sbir = data / "sbir_en"
    # Every second topic, and one in 64 of the awards beside the graded ones: the texts are long, and
    # all pairs are scored.
    qrels = read_qrels(sbir / "qrels.tsv")
    qrels = {query: qrels[query] for query in sorted(qrels)[::2]}
    topics = [
        {"id": row["tid"], "context": row["desc"]}
        for row in jsonl(sbir / "topics.jsonl")
        if row["tid"] in qrels
    ]
    graded = turned(qrels)
    awards = [
        {"id": row["aid"], "context": row["abstract"]}
        for place, row in enumerate(jsonl(sbir / "awards.jsonl"))
        if row["aid"] in graded or place % 64 == 0
    ]
    both_ways("sbir", folder("sbir", topics, awards), "latin", qrels)
    return tasks
