"""Fits one vector per piece so that sums of pieces behave like the teacher's sentence vectors.

A text's vector is the normalised sum of its pieces' vectors; a piece's weight is the length of its
vector. Losses, all on unit vectors u of the student and t of the teacher:

- distil: 1 - u.t;
- contrast: InfoNCE over pairs that belong together, batches drawn from neighbouring clusters of the
  teacher so that the negatives are hard, negatives the teacher finds nearer than the pair left out.

Gradients are written out by hand; Adam touches only the rows that a batch uses.
"""

import numpy as np
import scipy.sparse as sp


def count_matrix(tokenizer, texts, n_pieces):
    """Counts of pieces, [n_texts, n_pieces]; the unknown piece (0) is left out."""
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    lengths = [len(entry.ids) for entry in encoded]
    columns = np.fromiter((i for entry in encoded for i in entry.ids), np.int32, sum(lengths))
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    known = columns != 0
    ones = np.ones(known.sum(), np.float32)
    return sp.csr_matrix((ones, (rows[known], columns[known])), shape=(len(lengths), n_pieces))


def unit(rows):
    """Rows scaled to length one; zero rows stay zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(length, 1e-9)


def principal_axes(vectors, dim):
    """The `dim` leading axes of the second moment, [512, dim]."""
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return axes[:, ::-1][:, :dim].astype(np.float32)


class Adam:
    """Adam over the rows of one matrix, advancing only rows that are touched."""

    def __init__(self, table):
        self.table = table
        self.first = np.zeros_like(table)
        self.second = np.zeros_like(table)
        self.uses = np.zeros(len(table), np.int32)

    def step(self, rows, gradient, rate, beta1=0.9, beta2=0.99):
        """One step on `rows` with their gradients."""
        self.uses[rows] += 1
        uses = self.uses[rows][:, None]
        first = self.first[rows]
        first += (1 - beta1) * (gradient - first)
        second = self.second[rows]
        second += (1 - beta2) * (gradient * gradient - second)
        self.first[rows], self.second[rows] = first, second
        first = first / (1 - beta1**uses)
        second = second / (1 - beta2**uses)
        self.table[rows] -= rate * first / (np.sqrt(second) + 1e-8)


def compact(matrix):
    """The columns a batch uses, and the batch over just those."""
    rows, places = np.unique(matrix.indices, return_inverse=True)
    small = sp.csr_matrix(
        (matrix.data, places.astype(np.int32), matrix.indptr), shape=(matrix.shape[0], len(rows))
    )
    return rows, small


def forward(small, table):
    """Unit vectors of a batch, and the lengths of the sums."""
    total = small @ table
    length = np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)
    return total / length, length


def backward(small, vectors, length, gradient):
    """Gradient of the pieces' rows from the gradient of the unit vectors."""
    inner = (vectors * gradient).sum(1, keepdims=True)
    return small.T @ ((gradient - vectors * inner) / length)


def softmax(logits):
    """Row-wise softmax."""
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def distil_loss(vectors, target, pull):
    """Loss and gradient on the unit vectors of one batch."""
    loss = pull * (1 - (vectors * target).sum(1).mean())
    return loss, -pull * target / len(vectors)


def contrast_loss(left, right, left_teacher, right_teacher, tau):
    """Symmetric InfoNCE; returns the loss and the gradients of both sides."""
    n = len(left)
    logits = left @ right.T / tau
    near = left_teacher @ right_teacher.T
    own = np.diag(near)
    # What the teacher finds nearer than the pair itself may well belong together, too.
    refuse = (near > own[:, None]) | (near > own[None, :])
    np.fill_diagonal(refuse, False)
    logits[refuse] = -1e4
    by_left, by_right = softmax(logits), softmax(logits.T.copy()).T
    loss = -0.5 * (np.log(np.diag(by_left) + 1e-12) + np.log(np.diag(by_right) + 1e-12)).mean()
    delta = 0.5 * (by_left + by_right) - np.eye(n, dtype=np.float32)
    delta *= 1 / (n * tau)
    return loss, delta @ right, delta.T @ left
