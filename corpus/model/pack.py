"""Writes the model in Model2Vec layout: int8 rows, their scales folded into the weights."""

import hashlib
import json

import numpy as np
from safetensors.numpy import save_file


NAME = "duijie-static-zh-1"


def quantise(table):
    """Rows as int8 with the largest entry at 127, and the factor that restores each row."""
    peak = np.abs(table).max(1)
    scale = np.where(peak > 0, peak / 127, 0).astype(np.float32)
    safe = np.where(scale > 0, scale, 1)[:, None]
    return np.clip(np.rint(table / safe), -127, 127).astype(np.int8), scale


def write(folder, table):
    """Writes model.safetensors and config.json beside tokenizer.json; returns sha256 by file."""
    rows, weights = quantise(table)
    save_file({"embeddings": rows, "weights": weights}, str(folder / "model.safetensors"))
    config = {
        "name": NAME,
        "model_type": "model2vec",
        "hidden_dim": int(table.shape[1]),
        "normalize": True,
        "embedding_dtype": "int8",
        "language": ["zh"],
        "license": "MIT OR Apache-2.0",
    }
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
    names = ("model.safetensors", "tokenizer.json", "config.json")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
