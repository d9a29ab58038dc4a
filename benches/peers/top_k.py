"""Times exact top-k search beside numpy and faiss in one run, in turns.

    cargo build --release --manifest-path benches/peers/top_k/Cargo.toml
    OPENBLAS_CORETYPE=SkylakeX python3 benches/peers/top_k.py benches/peers/top_k/target/release/top-k-peer

256 queries against 200,000 documents by default; rows of unit length, drawn at random or around 1,000
centres. Every round runs every peer once, so that all of them meet the same neighbours on a shared
machine; medians, spreads and the ratio to the best exact peer of the same rounds are printed. faiss's
threshold for its blocked product is set to 20, since the value it comes with misfires. OpenBLAS does not
choose its AVX-512 kernels by itself everywhere, hence the variable. On a machine that others use, threads
that wait for each other lose more than those that do not; OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
RAYON_NUM_THREADS=1 and the processor time that is printed beside the wall clock compare what is computed. Results are compared with a product
in float64: recall is 1 where every list holds the same documents. Needs numpy, and faiss-cpu and torch
where they are to be compared; no part of the build.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

THREADS = int(os.environ.get("RAYON_NUM_THREADS") or os.cpu_count())
POOL = ThreadPoolExecutor(THREADS)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make(kind, n_queries, n_documents, dim):
    draw = np.random.default_rng(dim + (kind == "clustered"))
    centres = unit(draw.standard_normal((1000, dim), dtype=np.float32))

    def rows(n):
        plain = draw.standard_normal((n, dim), dtype=np.float32)
        if kind == "random":
            return unit(plain)
        scale = np.float32(0.6 / dim**0.5)
        return unit(centres[draw.integers(0, 1000, n)] + plain * scale)

    return rows(n_queries), rows(n_documents)


def best_of(scores, k):
    """The k best of each row in order, shares of the rows on all threads."""

    def part(scores):
        found = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, -k:]
        values = np.take_along_axis(scores, found, 1)
        return np.take_along_axis(found, np.argsort(-values, axis=1), 1)

    return np.concatenate(list(POOL.map(part, np.array_split(scores, THREADS))))


class Own:
    def __init__(self, program, queries, documents):
        folder = pathlib.Path(tempfile.mkdtemp())
        paths = []
        for name, rows in (("queries", queries), ("documents", documents)):
            paths.append(folder / name)
            rows.astype(np.float32).tofile(paths[-1])
        command = [program, *map(str, paths), str(queries.shape[1])]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rescored = {}
        self.ask(1, "exact")
        for path in paths:
            path.unlink()
        folder.rmdir()

    def ask(self, k, way):
        self.child.stdin.write(f"{k} {way}\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        self.rescored[way] = answer["rescored"]
        return answer["seconds"], np.array(answer["ids"])


def processor_time(process):
    """Seconds that all threads of a process have computed."""
    threads = pathlib.Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


def timed(compute):
    begin = time.perf_counter()
    found = compute()
    return time.perf_counter() - begin, found


def peers(own, queries, documents, k):
    """Names and functions that give seconds and ids (or None); a star marks exact ones."""
    scores = np.empty((len(queries), len(documents)), np.float32)
    turned = documents.T

    def product():
        return np.matmul(queries, turned, out=scores)

    known = {
        "duijie exact*": lambda: own.ask(k, "exact"),
        "duijie kept*": lambda: own.ask(k, "kept"),
        "duijie approximate": lambda: own.ask(k, "approximate"),
        "numpy product alone": lambda: (timed(product)[0], None),
        "numpy + argpartition*": lambda: timed(lambda: best_of(product(), k)),
    }
    try:
        import faiss
    except ImportError:
        print("faiss is not installed")
    else:
        faiss.omp_set_num_threads(THREADS)
        index = faiss.IndexFlatIP(documents.shape[1])
        index.add(documents)
        faiss.cvar.distance_compute_blas_threshold = 20
        known["faiss IndexFlatIP*"] = lambda: timed(lambda: index.search(queries, k)[1])
    try:
        import torch
    except ImportError:
        print("torch is not installed")
    else:
        torch.set_num_threads(THREADS)
        q, d = torch.from_numpy(queries), torch.from_numpy(documents)
        known["torch + topk*"] = lambda: timed(lambda: torch.topk(q @ d.T, k).indices.numpy())
    return known


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("--dims", default="384,512,768")
    arguments.add_argument("--ks", default="10,100")
    arguments.add_argument("--kinds", default="random,clustered")
    arguments.add_argument("--queries", type=int, default=256)
    arguments.add_argument("--documents", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    for dim in map(int, options.dims.split(",")):
        for kind in options.kinds.split(","):
            queries, documents = make(kind, options.queries, options.documents, dim)
            exact = queries.astype(np.float64) @ documents.T.astype(np.float64)
            own = Own(options.program, queries, documents)
            for k in map(int, options.ks.split(",")):
                truth = best_of(exact, k)
                known = peers(own, queries, documents, k)
                seconds = {name: [] for name in known}
                cpu = {name: [] for name in known}
                recall = {}
                for round_ in range(options.rounds + 1):
                    for name, run in known.items():
                        process = own.child.pid if name.startswith("duijie") else os.getpid()
                        begin = processor_time(process)
                        took, ids = run()
                        if round_ > 0:  # the first round only warms up
                            seconds[name].append(took)
                            cpu[name].append(processor_time(process) - begin)
                        if ids is not None and round_ == 0:
                            same = [len(set(a) & set(b)) / k for a, b in zip(ids.tolist(), truth.tolist())]
                            recall[name] = float(np.mean(same))
                median = {name: statistics.median(took) for name, took in seconds.items()}
                others = [name for name in median if name.endswith("*") and not name.startswith("duijie")]
                best = min(others, key=median.get)
                work = 2 * options.queries * options.documents * dim / 1e9
                print(f"\n{kind} {options.queries} x {options.documents} x {dim}, k = {k}; best exact peer: {best}")
                for name, took in seconds.items():
                    line = f"  {name:24} {median[name] * 1e3:8.1f} ms ({min(took) * 1e3:.1f}-{max(took) * 1e3:.1f})"
                    line += f"  {work / median[name]:6.0f} GFLOP/s  x {median[best] / median[name]:.2f}"
                    own_cpu = statistics.median(cpu[name])
                    line += f"  cpu {own_cpu * 1e3:7.1f} ms x {statistics.median(cpu[best]) / own_cpu:.2f}"
                    if name in recall:
                        line += f"  recall {recall[name]:.4f}"
                    way = name.removeprefix("duijie ").rstrip("*")
                    if name.startswith("duijie") and own.rescored.get(way):
                        line += f"  rescored {own.rescored[way]:.2%}"
                    print(line, flush=True)
            own.child.stdin.close()
            own.child.wait()


if __name__ == "__main__":
    main()
