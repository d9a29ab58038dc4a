"""Writes the golden files of the tokenizer tests with the Hugging Face `tokenizers` library.

    python3 corpus/model/golden.py

Two small made-up tokenizers (Unigram and WordPiece) and hard strings with the ids that the
library gives, and the same strings through the tokenizer of the model in this folder.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer

HERE = Path(__file__).parent
OUT = HERE.parent.parent / "engine" / "embed" / "golden"

TEXTS = [
    "",
    " ",
    "碳化硅衬底",
    "碳化 硅 衬底",
    "第三代半导体（SiC）衬底，12英寸！",
    "ＬＥＤ手电筒　红外开关",
    "Ti-6Al-4V钛合金",
    "C++ 与 C# 的混合编程",
    "50Gbps光模块、H01L21/02",
    "unaffable résumé Ångström naïve ÉCOLE",
    "不认识的字：𠮷龘靐",
    "鿿㐀豈",
    "温度≤25℃，误差±0.5%，功率3.3kW·h",
    "①②½㎡ﬁ",
    "か\u3099カ゛ガ",
    "e\u0301e\u0301\u0327 a\u200bb c\u00add",
    "tab\tnew\nline\r\nend",
    "\u0000\ufffd控\u0007制",
    "a_b__c‿d",
    "한국어 가각",
    "Ωμ ΣΑΣ İstanbul ǅ",
    "“引号”—破折号…《书名》【括号】",
    "碳碳碳碳碳碳化硅硅硅",
    "x" * 130,
    "半导体半导半导体导体",
    "机器视觉检测系统 machine vision",
    "½½碳¼",
    "१२३ ٣ Ⅳ ² ⅷ",
    "a\u0301\u0327碳\u0301",
    "👍🏽表情\ue000私有",
    "[CLS 碳 ##硅 <unk>",
    "１２３４５６７８９０ＡＢｃ～",
]

UNIGRAM = [
    ["<unk>", 0.0], ["碳", -9.0], ["化", -8.5], ["硅", -9.5], ["碳化", -9.8], ["化硅", -9.9],
    ["碳化硅", -9.7], ["衬底", -8.0], ["衬", -11.0], ["底", -10.0], ["半", -9.0], ["导", -9.0],
    ["体", -9.0], ["半导体", -7.5], ["半导", -12.0], ["导体", -10.0], ["第三代半导体", -11.0],
    ["第", -8.0], ["三", -8.0], ["代", -8.0], ["英寸", -8.2], ["1", -5.0], ["2", -5.0], ["12", -6.0],
    ["s", -6.0], ["i", -6.0], ["c", -6.0], ["si", -7.0], ["sic", -7.5], ["led", -7.0], ["l", -6.0],
    ["e", -6.0], ["d", -6.0], ["+", -7.0], ["++", -9.0], ["-", -6.0], ["ti", -7.0], ["al", -7.0],
    ["4", -6.0], ["6", -6.0], ["v", -6.0], ["é", -8.0], ["ré", -9.0], ["x", -6.0], ["xx", -12.0],
    ["xxx", -17.9], ["が", -8.0], ["ガ", -8.0], ["가", -8.0], ["㎡", -8.0], ["m2", -9.0], ["℃", -9.0],
    ["°c", -9.0], ["±", -8.0], ["机器", -8.0], ["视觉", -8.0], ["机器视觉", -8.0], ["检测", -8.0],
    ["系统", -7.0], ["的", -4.0], ["ma", -7.0], ["chine", -8.0], ["σ", -8.0], ["_", -7.0], ["μ", -8.0],
    ["碳́", -9.0], ["ą́", -9.0], ["豈", -9.0], ["3", -6.0], [".", -6.0], ["0.5", -8.0], ["<", -8.0],
    ["(", -7.0], ["gbps", -8.0], ["的的", -8.0], ["i̇", -9.0], ["½", -9.0], ["⁄", -9.0],
]

WORDPIECE = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "碳", "化", "硅", "衬", "底", "半", "导", "体", "第", "三",
    "代", "英", "寸", "12", "1", "##2", "sic", "s", "##i", "##c", "led", "手", "电", "筒", "ti", "-", "6",
    "##al", "4", "##v", "钛", "合", "金", "c", "+", "#", "50", "##gb", "##ps", "h", "##01", "##l", "##21",
    "/", "02", "un", "##aff", "##able", "resume", "angstrom", "naive", "ecole", "℃", "25", "≤", "±", "0",
    ".", "5", "%", "①", "½", "が", "##カ", "か", "カ", "e", "##e", "ab", "cd", "tab", "new", "line", "end",
    "控", "制", "a", "_", "b", "ω", "##μ", "σ", "##α", "##σ", "istanbul", "“", "”", "—", "…", "《", "》", "引",
    "号", "machine", "vision", "机", "器", "[", "cl", "##s", "<", "u", "##n", "##k", ">", "𠮷", "㐀", "豈", "x",
    "##x", "3", "##k", "##w", "·", "。", "！", "，", "(", "（", "光", "模", "块", "、", "가", "##각", "１２", "表",
    "情", "¼", "²", "##\u200b",
]


def document(model, normalizer, pre_tokenizer):
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
        "post_processor": None, "decoder": None, "model": model,
    }


def wordpiece(lowercase, strip_accents):
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(WORDPIECE))}
    model = {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": vocab,
    }
    normalizer = {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
        "strip_accents": strip_accents, "lowercase": lowercase,
    }
    return document(model, normalizer, {"type": "BertPreTokenizer"})


def unigram(normalizers, pre_tokenizer):
    model = {"type": "Unigram", "unk_id": 0, "vocab": UNIGRAM, "byte_fallback": False}
    return document(model, {"type": "Sequence", "normalizers": normalizers}, pre_tokenizer)


def cases():
    fold = [{"type": "NFKC"}, {"type": "Lowercase"}]
    strip = {"type": "Strip", "strip_left": True, "strip_right": True}
    replace = {"type": "Replace", "pattern": {"String": "的"}, "content": "的的"}
    digits = {"type": "Replace", "pattern": {"Regex": "[0-9]+"}, "content": "12"}
    yield "unigram", unigram(fold, {"type": "Whitespace"})
    yield "unigram_whole", unigram([*fold, strip, replace, digits], None)
    yield "unigram_split", unigram(
        [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "NFC"}, {"type": "Lowercase"}],
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}]},
    )
    yield "wordpiece", wordpiece(True, None)
    yield "wordpiece_cased", wordpiece(False, None)
    yield "wordpiece_accents", wordpiece(True, False)


def ids(tokenizer, unknown):
    rows = (tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS)
    return [[i for i in row if i != unknown] for row in rows]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    found = {"texts": TEXTS, "tokenizers": []}
    for name, description in cases():
        tokenizer = Tokenizer.from_str(json.dumps(description))
        unknown = 0 if name.startswith("unigram") else 1
        entry = {"name": name, "tokenizer": description, "ids": ids(tokenizer, unknown)}
        found["tokenizers"].append(entry)
    found["builtin"] = ids(Tokenizer.from_file(str(HERE / "tokenizer.json")), 0)
    lines = json.dumps(found, ensure_ascii=True, separators=(",", ":"))
    # One tokenizer or text per line keeps the file readable in a diff.
    lines = lines.replace('},{"name"', '},\n{"name"').replace('","', '",\n"').replace("]],", "]],\n")
    (OUT / "tokenizers.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
