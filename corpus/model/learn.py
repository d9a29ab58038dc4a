"""The training loop: start from the teacher's vector of each piece, then distil and contrast."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

import fit

# Pairs that stay together when batches are drawn: neighbours of one cluster.
CHUNK = 96


@dataclass(frozen=True)
class Settings:
    """What the recipe fixes; the values are those of the model shipped."""

    dim: int = 256
    # Weight of a piece of frequency p at the start: rarity / (rarity + p).
    rarity: float = 1e-4
    epochs: int = 8
    rate: float = 4e-3
    texts_per_batch: int = 1024
    pairs_per_batch: int = 768
    clusters: int = 256
    # Weight of the teacher's vectors against the pairs.
    pull: float = 1.0
    contrast: float = 3.0
    temperature: float = 0.15
    # Share of pieces left out of a text at random.
    dropout: float = 0.05
    # Product names are many and short: this share of them per epoch.
    short_share: float = 0.35
    # Pieces in fewer batches than this are placed by the map that the others followed.
    least_used: int = 3
    # Phrases that say nothing about the matter, at most this many per side of a pair.
    phrases_per_side: int = 2


def reduced(vectors, dim):
    """The teacher's vectors, centred and reduced to `dim` axes, and the map that does it."""
    mean = vectors.mean(0)
    centred = fit.unit(vectors - mean)
    axes = fit.principal_axes(centred[::3], dim)
    return fit.unit(centred @ axes), lambda rows: fit.unit(fit.unit(rows - mean) @ axes)


def starting_table(frequency, piece_vectors, reduce, settings):
    """One row per piece: its teacher vector, as long as it is rare; row 0 (unknown) is zero."""
    weight = settings.rarity / (settings.rarity + frequency)
    table = np.zeros((len(frequency), settings.dim), np.float32)
    table[1:] = reduce(piece_vectors)
    return table * weight[:, None].astype(np.float32)


def _thinned(matrix, random, dropout):
    matrix = matrix.copy()
    matrix.data = matrix.data * (random.random(matrix.nnz) > dropout)
    return matrix


def _pair_batches(right_teacher, usable, centres, random, settings):
    """Batches of pairs made of chunks of neighbours, so that the negatives are hard."""
    nearest = np.concatenate(
        [(right_teacher[i : i + 8192] @ centres.T).argmax(1) for i in range(0, len(right_teacher), 8192)]
    )
    shuffled = random.permutation(len(centres))
    order = np.lexsort((random.random(len(nearest)), shuffled[nearest]))
    order = order[usable[order]]
    chunks = np.array_split(order, len(order) // CHUNK)
    places = random.permutation(len(chunks))
    group = settings.pairs_per_batch // CHUNK
    return [
        np.concatenate([chunks[place] for place in places[start : start + group]])
        for start in range(0, len(places) - group + 1, group)
    ]


def _wrapped(counts, phrases, random, settings):
    """Counts with up to `phrases_per_side` phrases mixed into each row."""
    n = len(phrases_per_row := random.integers(0, settings.phrases_per_side + 1, counts.shape[0]))
    starts = np.concatenate([[0], np.cumsum(phrases_per_row)])
    columns = random.integers(0, phrases.shape[0], starts[-1])
    ones = np.ones(starts[-1], np.float32)
    return counts + sp.csr_matrix((ones, columns, starts), shape=(n, phrases.shape[0])) @ phrases


def train(table, counts, target, short, pairs, phrases, settings, seed, log=print):
    """Returns the trained table, and how often each row was touched.

    `short` marks texts that are drawn less often; `phrases` are the counts of the askers' and of
    the offerers' phrases.
    """
    random = np.random.default_rng(seed)
    table = table.copy()
    adam = fit.Adam(table)
    centres = target[random.choice(len(target), settings.clusters, replace=False)]
    step = total = 0
    for epoch in range(settings.epochs):
        drawn = np.flatnonzero(random.random(len(target)) < np.where(short, settings.short_share, 1))
        random.shuffle(drawn)
        text_batches = np.array_split(drawn, len(drawn) // settings.texts_per_batch)
        left, right = pairs.draw(random, len(target))
        left_counts, right_counts = left @ counts, right @ counts
        asker = epoch % 2
        left_counts = _wrapped(left_counts, phrases[asker], random, settings)
        right_counts = _wrapped(right_counts, phrases[1 - asker], random, settings)
        left_teacher, right_teacher = fit.unit(left @ target), fit.unit(right @ target)
        usable = (np.diff(left_counts.indptr) > 0) & (np.diff(right_counts.indptr) > 0)
        pair_batches = _pair_batches(right_teacher, usable, centres, random, settings)
        total = total or settings.epochs * (len(text_batches) + len(pair_batches))
        work = [(False, batch) for batch in text_batches] + [(True, batch) for batch in pair_batches]
        losses = [0.0, 0.0]
        for place in random.permutation(len(work)):
            is_pair, batch = work[place]
            rate = settings.rate * max(0.02, 1 - step / total)
            step += 1
            if is_pair:
                matrix = sp.vstack([left_counts[batch], right_counts[batch]]).tocsr()
            else:
                matrix = counts[batch]
            rows, small = fit.compact(_thinned(matrix, random, settings.dropout))
            vectors, length = fit.forward(small, table[rows])
            if is_pair:
                half = len(batch)
                loss, first, second = fit.contrast_loss(
                    vectors[:half],
                    vectors[half:],
                    left_teacher[batch],
                    right_teacher[batch],
                    settings.temperature,
                )
                gradient = settings.contrast * np.vstack([first, second])
            else:
                loss, gradient = fit.distil_loss(vectors, target[batch], settings.pull)
            losses[is_pair] += loss
            rows_gradient = fit.backward(small, vectors, length, gradient.astype(np.float32))
            adam.step(rows, rows_gradient.astype(np.float32), rate)
        log(
            f"epoch {epoch + 1}: distil {losses[0] / len(text_batches):.3f}, "
            f"contrast {losses[1] / len(pair_batches):.3f}"
        )
    return table, adam.uses


def place_rare(table, start, uses, settings):
    """Moves hardly used pieces along: by the linear map that fits how the frequent ones moved."""
    frequent = uses >= 20
    seen = uses.astype(np.float32)
    weight = np.sqrt(seen[frequent])[:, None].astype(np.float32)
    before, after = start[frequent] * weight, table[frequent] * weight
    ridge = 1e-2 * len(before) * np.mean(before * before) * np.eye(before.shape[1])
    mapping = np.linalg.solve(before.T @ before + ridge, before.T @ after)
    moved = table.copy()
    rare = uses < settings.least_used
    moved[rare] = (start[rare] @ mapping).astype(np.float32)
    return moved
