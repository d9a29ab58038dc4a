"""Vectors of the teacher, bge-small-zh-v1.5 as int8 ONNX, kept in a cache by text.

The quantised graph measures the range of its activations per call, so a vector depends a little
on the texts it shared a call with. Texts are therefore sorted by length within fixed shards; the
same texts in the same order give the same vectors.
"""

import hashlib
import time
from pathlib import Path

import numpy as np

SHA256 = "15b717c382bcb518ba457b93ea6850ede7f4f1cd8937454aa06972366cd19bcc"
SHARD = 2048
BATCH = 32


class Teacher:
    """Text to unit vector of 512 numbers: first token's state, L2 normalised."""

    def __init__(self, folder: Path, cache: Path, max_tokens=160, threads=2):
        self.folder, self.cache = folder, cache
        self.max_tokens, self.threads = max_tokens, threads
        self.session = self.tokenizer = None
        cache.mkdir(parents=True, exist_ok=True)
        self.known = {}
        for path in sorted(cache.glob("*.npz")):
            shard = np.load(path)
            for key, row in zip(shard["keys"].tolist(), shard["vectors"]):
                self.known[key] = row

    def _load(self):
        import onnxruntime
        from tokenizers import Tokenizer

        path = self.folder / "onnx" / "model_quantized.onnx"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != SHA256:
            raise SystemExit(f"{path} has sha256 {digest}, expected {SHA256}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {given.name for given in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(self.max_tokens)

    def key(self, text):
        """Name of a text in the cache."""
        return hashlib.sha1(text.encode()).hexdigest()[:20]

    def _embed(self, texts):
        if self.session is None:
            self._load()
        encoded = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        vectors = np.empty((len(texts), 512), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            width = max(len(encoded[i].ids) for i in rows)
            ids = np.zeros((len(rows), width), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(rows):
                ids[row, : len(encoded[i].ids)] = encoded[i].ids
                mask[row, : len(encoded[i].ids)] = 1
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
            feed = {name: value for name, value in feed.items() if name in self.inputs}
            state = self.session.run(None, feed)[0][:, 0]
            vectors[rows] = state / np.linalg.norm(state, axis=1, keepdims=True)
        return vectors

    def fill(self, texts, note="", until=None):
        """Embeds what the cache lacks; stops early once the clock passes `until`."""
        missing = [text for text in dict.fromkeys(texts) if self.key(text) not in self.known]
        began = time.time()
        for start in range(0, len(missing), SHARD):
            if until and time.time() > until:
                return
            shard = missing[start : start + SHARD]
            vectors = self._embed(shard).astype(np.float16)
            keys = [self.key(text) for text in shard]
            name = hashlib.sha1("".join(keys).encode()).hexdigest()[:16]
            partial = self.cache / f".{name}.tmp.npz"
            np.savez(partial, keys=np.array(keys), vectors=vectors)
            partial.rename(self.cache / f"{name}.npz")
            self.known.update(zip(keys, vectors))
            done = start + len(shard)
            print(f"{note}: {done}/{len(missing)}, {done / (time.time() - began):.0f}/s", flush=True)

    def have(self, texts):
        """The texts the cache has, and their vectors as rows."""
        kept = [text for text in texts if self.key(text) in self.known]
        rows = [self.known[self.key(text)] for text in kept]
        return kept, np.array(rows, np.float32).reshape(len(rows), 512)
