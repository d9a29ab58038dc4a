"""The pieces of the model and its tokenizer.json: a Unigram over words, phrases and characters.

Pieces come from the training text cut by jieba, from jieba's dictionary (words the sources happen
not to hold), and from the teacher's own list of Latin word pieces. Every common Chinese character
is a piece, so that an unseen word falls to its characters and still gets a vector.
"""

import collections
import json
import math
import re
import unicodedata
from pathlib import Path

import numpy as np

UNKNOWN = "<unk>"
RUN = re.compile(r"\w+|[^\w\s]+")
HAN = re.compile(r"[\u4e00-\u9fff\u3007]+")
HAN_OR_OTHER = re.compile(r"[\u4e00-\u9fff\u3007]+|[a-z]+|[0-9]+|[^\u4e00-\u9fff\u3007a-z0-9]")
SYMBOLS = "+#%/°&αβγδεθλμπρσφωω±×√∑∞≤≥→①②③④⑤"
# A character is taken only where no word covers it: this many nats below its frequency.
CHARACTER_PENALTY = 3.0
# Parts that make no phrase with their neighbour.
LOOSE = set("的了是在和与及或该其本为有可被对从由将把使所以各个种于中上下等并且不都也而")
LOOSE |= {"一种", "涉及", "公开", "具有", "属于", "提供", "结果", "表明", "发明", "本发明", "实用新型", "进一步", "进行", "采用"}


def fold(text):
    """The tokenizer's normaliser: NFKC, then lower case character by character."""
    return "".join(char.lower() for char in unicodedata.normalize("NFKC", text))


def count_pieces(texts):
    """Counts jieba's words, Latin words and numbers, and adjacent pairs of short words."""
    import jieba

    words, pairs = collections.Counter(), collections.Counter()
    for text in texts:
        for run in RUN.findall(fold(text)):
            for part in HAN_OR_OTHER.findall(run):
                if not HAN.match(part):
                    words[part] += 1
                    continue
                cut = jieba.lcut(part, HMM=False)
                words.update(cut)
                for left, right in zip(cut, cut[1:]):
                    if 3 <= len(left) + len(right) <= 6:
                        pairs[left, right] += 1
    return words, pairs


def phrases(words, pairs, least, how_many):
    """Pairs that stand together far more often than by chance, best first."""
    total = sum(words.values())
    scored = []
    for (left, right), n in pairs.items():
        if n < least or len(left) == 1 and len(right) == 1 or left in LOOSE or right in LOOSE:
            continue
        lift = n * total / (words[left] * words[right])
        if lift > 12:
            scored.append((n * math.log(lift), left + right, n))
    scored.sort(key=lambda entry: (-entry[0], entry[1]))
    return [(text, n) for _, text, n in scored[:how_many]]


def dictionary():
    """Words of jieba's dictionary and how often each was counted."""
    import jieba

    path = Path(jieba.__file__).parent / "dict.txt"
    with path.open(encoding="utf-8") as file:
        rows = (line.split(" ") for line in file)
        return {row[0]: int(row[1]) for row in rows}


def frequency(counts, pieces):
    """Relative frequency of each piece: the larger of training text and general dictionary."""
    general = dictionary()
    usual = np.array([general.get(piece, 0) for piece in pieces], float)
    seen = np.asarray(counts.sum(0)).ravel()
    return np.maximum(seen / seen.sum(), usual / sum(general.values()))


def build(texts, latin_pieces, size):
    """Chooses `size` pieces and returns [[piece, log probability], …], the unknown piece first."""
    words, pairs = count_pieces(texts)
    general = dictionary()
    scale = 0.1 * sum(words.values()) / sum(general.values())
    prior = {word: scale * n for word, n in general.items()}

    chosen = {}
    characters = {c for word in words for c in word if HAN.match(c)}
    common = sorted((w for w in general if len(w) == 1 and HAN.match(w)), key=lambda w: (-general[w], w))
    characters |= set(common[:7000])
    for char in sorted(characters):
        chosen[char] = words[char] + prior.get(char, 0)
    for char in "abcdefghijklmnopqrstuvwxyz0123456789" + SYMBOLS:
        chosen[char] = words[char]
    for piece in latin_pieces:
        chosen.setdefault(piece, words[piece])
    for word, n in sorted(words.items()):
        if n >= 4 and word not in chosen and re.fullmatch(r"[a-z]{2,12}|[0-9]{2,4}", word):
            chosen[word] = n
    for text, n in phrases(words, pairs, 8, size // 8):
        chosen.setdefault(text, n)
    rest = {
        word: words[word] + prior.get(word, 0)
        for word in set(words) | set(general)
        if 2 <= len(word) <= 7 and HAN.fullmatch(word) and word not in chosen
    }
    # A word seen in technical text outranks one that only the general dictionary knows.
    ranked = sorted(rest, key=lambda word: (-(rest[word] + 2 * words[word]), word))
    for word in ranked[: size - 1 - len(chosen)]:
        chosen[word] = rest[word]

    total = sum(chosen.values())
    entries = []
    for piece in sorted(chosen, key=lambda piece: (-chosen[piece], piece)):
        score = math.log((chosen[piece] + 0.2) / total)
        if len(piece) == 1:
            score -= CHARACTER_PENALTY
        entries.append([piece, round(score, 2)])
    return [[UNKNOWN, 0.0]] + entries


def latin_of(vocab_file):
    """Latin word pieces of a BERT vocabulary, without their continuation marks."""
    pieces = set()
    for line in vocab_file.read_text(encoding="utf-8").splitlines():
        piece = line.removeprefix("##").lower()
        if re.fullmatch(r"[a-z]{2,12}", piece):
            pieces.add(piece)
    return sorted(pieces)


def write(path, entries):
    """Writes the Hugging Face tokenizer.json, without white space."""
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": entries, "byte_fallback": False},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
