"""The texts the model learns from, read from the folders named on the command line.

What is left out on purpose: the IPC main groups whose titles are queries of the evaluation,
the label columns of the patents (`ipc`, `subclass`, `maingroup`), the market lists and every
file of grades.
"""

import csv
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

SENTENCE_END = re.compile(r"[。．！？；;!?\n]|(?<=[^0-9A-Za-z])\.|\.(?=[^0-9A-Za-z]|$)")
IPC_LINE = re.compile(r"^[A-H]\d{2}[A-Z]\d+/\d+\s+(.*)$")


def sentences(text, shortest=8):
    """Sentences of at least `shortest` characters, in order."""
    parts = (part.strip() for part in SENTENCE_END.split(text))
    return [part for part in parts if len(part) >= shortest]


@dataclass
class Sources:
    """Texts by kind; every list is in the order of its file."""

    papers: list = field(default_factory=list)  # dicts: title or None, abstract, keywords
    patents: list = field(default_factory=list)  # (title, abstract)
    ipc: list = field(default_factory=list)  # (code, level, title, subgroup titles)
    products: list = field(default_factory=list)
    firms: list = field(default_factory=list)  # names of firms and industries
    plans: list = field(default_factory=list)  # sentences

    def running_text(self):
        """Everything once, for counting words."""
        for paper in self.papers:
            yield paper["abstract"]
            if paper["title"]:
                yield paper["title"]
            if paper["keywords"]:
                yield "，".join(paper["keywords"])
        for title, abstract in self.patents:
            yield title
            yield abstract
        for _, _, title, subgroups in self.ipc:
            yield title
            yield from subgroups
        yield from self.products
        yield from self.firms
        yield from self.plans


def query_codes(data):
    """IPC codes that the evaluation uses as queries; nothing of theirs is learned from."""
    path = data / "patents_zh" / "qrels_ipc_maingroup.tsv"
    with path.open(encoding="utf-8") as file:
        return {line.split("\t")[0] for line in file if line.strip()}


def read(data: Path, plans: Path) -> Sources:
    """Reads every source below `data` and `plans`."""
    found = Sources()
    with (data / "papers_zh" / "papers.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            found.papers.append(
                {
                    "title": row.get("title"),
                    "abstract": row["abstract"],
                    "keywords": row.get("keywords") or [],
                }
            )
    with (data / "patents_zh" / "patents.csv").open(encoding="utf-8", newline="") as file:
        found.patents = [(row["title"], row["abstract"]) for row in csv.DictReader(file)]
    excluded = query_codes(data)
    with (data / "patents_zh" / "ipc_zh.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] in excluded or not row["title"]:
                continue
            matches = (IPC_LINE.match(line.strip()) for line in row["text"].splitlines())
            subgroups = [match.group(1) for match in matches if match]
            found.ipc.append((row["code"], row["level"], row["title"], subgroups))
    chain = data / "industry_chain"
    found.products = sorted({row["name"].strip() for row in _lines(chain / "product.json")})
    found.firms = sorted(
        {row["fullname"].strip() for row in _lines(chain / "company.json")}
        | {row["name"].strip() for row in _lines(chain / "industry.json")}
    )
    for path in sorted(plans.glob("*.txt")):
        found.plans.extend(sentences(path.read_text(encoding="utf-8")))
    return found


def _lines(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def for_teacher(found: Sources, seed: int):
    """Groups of texts for the teacher, most useful first, each without repetition."""
    draw = random.Random(seed)
    queue = [title for title, _ in found.patents]
    queue += [paper["title"] for paper in found.papers if paper["title"]]
    queue += [title for _, level, title, _ in found.ipc]
    yield "titles", _unique(queue)
    queue = [abstract[:160] for _, abstract in found.patents]
    queue += [paper["abstract"][:160] for paper in found.papers]
    draw.shuffle(queue)
    yield "heads", _unique(queue)
    queue = list(found.products)
    queue += ["，".join(paper["keywords"]) for paper in found.papers if paper["keywords"]]
    yield "products", _unique(queue)
    queue = [line for _, _, _, subgroups in found.ipc for line in subgroups if len(line) > 5]
    for _, _, title, subgroups in found.ipc:
        if subgroups:
            queue.append("；".join([title, *subgroups])[:160])
    queue += [part[:120] for paper in found.papers for part in sentences(paper["abstract"], 12)]
    queue += [part[:120] for _, abstract in found.patents for part in sentences(abstract, 12)]
    queue += [text[:120] for text in found.plans]
    draw.shuffle(queue)
    yield "sentences", _unique(queue)


def _unique(texts):
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))
