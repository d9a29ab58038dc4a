"""Trains the built-in embedding model. Recipe, data and results: README.md beside this file.

    python3 corpus/model/train.py --data DATA --plans PLANS --teacher TEACHER --work WORK

DATA holds papers_zh, patents_zh and industry_chain (and market_lists for --eval); TEACHER is the
unpacked folder of bge-small-zh-v1.5 (tokenizer.json, vocab.txt, onnx/model_quantized.onnx); WORK
keeps the teacher's vectors, so that a second run starts where the first one stopped. The model is
written to this folder, or to --out. With --eval nothing is trained: the model in --out, the
teacher and BM25 are measured. Same seed, same machine and same vectors in WORK: same hash.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

# One BLAS thread: sums in one order, so the result does not depend on the machine's load.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

import evaluate  # noqa: E402
import fit  # noqa: E402
import learn  # noqa: E402
import pack  # noqa: E402
import pairs  # noqa: E402
import phrases  # noqa: E402
import sources  # noqa: E402
import vocabulary  # noqa: E402
from teacher import Teacher  # noqa: E402


def say(text):
    """Prints one line with the time."""
    print(time.strftime("%H:%M:%S"), text, flush=True)


@dataclass
class Lessons:
    """Everything that training needs."""

    path: Path  # the tokenizer's file
    pieces: list
    counts: object  # [n_texts, n_pieces], sparse
    text_vectors: np.ndarray  # [n_texts, 512]
    piece_vectors: np.ndarray  # [n_pieces - 1, 512]: the unknown piece has none
    short: np.ndarray  # texts that are product names or keywords
    pairs: pairs.Pairs
    phrases: list  # counts of the askers' and of the offerers' phrases


def load_tokenizer(path):
    """The Hugging Face tokenizer and its pieces in order of their ids."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    return tokenizer, [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]


def teach(options):
    """Chooses the vocabulary and asks the teacher."""
    found = sources.read(options.data, options.plans)
    if options.without_patents:
        found.patents = []
    options.out.mkdir(parents=True, exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    kind = "-without-patents" if options.without_patents else ""
    path = options.work / f"tokenizer-{options.pieces}{kind}.json"
    if not path.exists():
        latin = vocabulary.latin_of(options.teacher / "vocab.txt")
        vocabulary.write(path, vocabulary.build(found.running_text(), latin, options.pieces))
    tokenizer, pieces = load_tokenizer(path)
    say(f"{len(pieces)} pieces")
    teacher = Teacher(options.teacher, options.work / "vectors", threads=options.threads)
    teacher.fill(pieces[1:], "pieces")
    texts, short = {}, []
    for name, group in sources.for_teacher(found, options.seed):
        teacher.fill(group, name)
        for text in group:
            if text not in texts:
                texts[text] = len(texts)
                short.append(name == "products")
    say(f"{len(texts)} texts")
    _, piece_vectors = teacher.have(pieces[1:])
    _, text_vectors = teacher.have(list(texts))
    return Lessons(
        path=path,
        pieces=pieces,
        counts=fit.count_matrix(tokenizer, texts, len(pieces)),
        text_vectors=text_vectors,
        piece_vectors=piece_vectors,
        short=np.array(short),
        pairs=pairs.Pairs(found, texts),
        phrases=[
            fit.count_matrix(tokenizer, group, len(pieces))
            for group in (phrases.demand(), phrases.supply())
        ],
    )


def train(options):
    """The whole recipe."""
    settings = learn.Settings(dim=options.dim)
    given = teach(options)
    if options.teach_only:
        return
    target, reduce = learn.reduced(given.text_vectors, settings.dim)
    frequency = vocabulary.frequency(given.counts, given.pieces)
    start = learn.starting_table(frequency, given.piece_vectors, reduce, settings)
    say(f"{len(given.pairs)} documents with pairs")
    table, uses = learn.train(
        start, given.counts, target, given.short, given.pairs, given.phrases, settings, options.seed, say
    )
    table = learn.place_rare(table, start, uses, settings)
    (options.out / "tokenizer.json").write_bytes(given.path.read_bytes())
    for name, digest in pack.write(options.out, table).items():
        say(f"{name}: {(options.out / name).stat().st_size} bytes, sha256 {digest}")


def measure(options):
    """Prints nDCG@10 of BM25, teacher and model on each development set."""
    from safetensors.numpy import load_file

    tokenizer, pieces = load_tokenizer(options.out / "tokenizer.json")
    tensors = load_file(str(options.out / "model.safetensors"))
    table = tensors["embeddings"].astype(np.float32) * tensors["weights"][:, None]
    teacher = Teacher(options.teacher, options.work / "measured", 512, options.threads)

    def by_model(texts):
        return fit.unit(fit.count_matrix(tokenizer, texts, len(pieces)) @ table)

    def by_teacher(texts):
        teacher.fill(texts, "measuring")
        return np.array([teacher.known[teacher.key(text)] for text in texts], np.float32)

    print("| set | queries | BM25 | teacher | model | model / teacher |\n|---|---|---|---|---|---|")
    for task in evaluate.tasks(options.data):
        runs = [
            evaluate.bm25_scores(task),
            evaluate.dense_scores(task, by_teacher),
            evaluate.dense_scores(task, by_model),
        ]
        found = [evaluate.interval(evaluate.ndcg(task, scores)) for scores in runs]
        cells = [f"{mean:.3f} ({low:.3f}–{high:.3f})" for mean, low, high in found]
        share = found[2][0] / found[1][0]
        print(f"| {task.name} | {len(task.queries)} | {' | '.join(cells)} | {share:.0%} |", flush=True)


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--plans", type=Path, help="folder of plan texts (*.txt)")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of bge-small-zh-v1.5")
    parser.add_argument("--work", type=Path, required=True, help="folder for the teacher's vectors")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the model")
    parser.add_argument("--pieces", type=int, default=48_000, help="size of the vocabulary")
    parser.add_argument("--dim", type=int, default=256, help="numbers per vector")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--threads", type=int, default=2, help="threads of the teacher")
    parser.add_argument("--without-patents", action="store_true", help="leave patents.csv out")
    parser.add_argument("--teach-only", action="store_true", help="stop before training")
    parser.add_argument("--eval", action="store_true", help="measure instead of training")
    options = parser.parse_args()
    if options.eval:
        measure(options)
    elif options.plans is None:
        parser.error("training needs --plans")
    else:
        train(options)


if __name__ == "__main__":
    main()
