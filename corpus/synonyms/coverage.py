#!/usr/bin/env python3
"""Counts in how many records of real lists the words of synonyms.toml stand.

    python3 corpus/synonyms/coverage.py LIST.jsonl LIST.csv … [--all]

Every line of a JSONL file and every row of a CSV file is a record. Latin words must stand alone,
Chinese ones may stand anywhere; case and white space are ignored. Prints how many words and groups
occur, and with `--all` one line per group. Only the standard library is used.
"""

import pathlib
import re
import sys
import tomllib
import unicodedata

KINDS = ["same", "abbreviation", "translation", "narrower"]


def fold(text):
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def pattern(word):
    word = re.escape(fold(word)).replace(r"\ ", r"[ -]?").replace(r"\-", r"[ -]?")
    start = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", word) else ""
    end = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", word) else ""
    return re.compile(start + word + (r"s?" if end else "") + end)


def main():
    paths = [name for name in sys.argv[1:] if not name.startswith("--")]
    records = [fold(line) for name in paths for line in open(name, encoding="utf-8") if line.strip()]
    here = pathlib.Path(__file__).parent
    leaves = tomllib.loads((here / "synonyms.toml").read_text(encoding="utf-8"))["leaf"]
    n_words = n_found = n_groups = n_both = n_any = 0
    for leaf in leaves:
        for group in leaf["groups"]:
            words = [group["term"]] + [word for kind in KINDS for word in group.get(kind, [])]
            counts = {}
            for word in words:
                matcher, head = pattern(word), fold(word)[:2]
                counts[word] = sum(1 for text in records if head in text and matcher.search(text))
            held = [word for word in words if counts[word]]
            n_words += len(words)
            n_found += len(held)
            n_groups += 1
            n_any += bool(held)
            n_both += len(held) > 1
            if "--all" in sys.argv:
                print(leaf["name"], *(f"{word} {counts[word]}" for word in words), sep="\t")
    print(f"{len(records)} records; {n_found} of {n_words} words, {n_any} of {n_groups} groups,")
    print(f"{n_both} groups with two words or more")


if __name__ == "__main__":
    main()
