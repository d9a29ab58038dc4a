"""Which texts belong together, as sets of rows of the training texts.

A side of a pair is a set of rows; its counts are the sum of their counts, and its teacher vector
the normalised sum of theirs. So title and abstract, or two halves of an abstract, cost nothing to
re-draw in every epoch.
"""

import numpy as np
import scipy.sparse as sp

from sources import Sources, sentences


class Pairs:
    """Documents as (left rows, right rows); an empty left side means: split the right side."""

    def __init__(self, found: Sources, row_of: dict):
        self.fixed, self.split = [], []

        def rows(texts):
            return [row_of[text] for text in (t.strip() for t in texts) if text in row_of]

        for paper in found.papers:
            body = rows(part[:120] for part in sentences(paper["abstract"], 12))
            if len(body) >= 2:
                self.split.append(body)
            if paper["title"] and body:
                self._fixed(rows([paper["title"]]), body)
            if paper["keywords"] and body:
                self._fixed(rows(["，".join(paper["keywords"])]), body)
        for title, abstract in found.patents:
            body = rows(part[:120] for part in sentences(abstract, 12))
            if len(body) >= 2:
                self.split.append(body)
            if body:
                self._fixed(rows([title]), body)
        title_of = {code: title for code, _, title, _ in found.ipc}
        for code, level, title, subgroups in found.ipc:
            below = rows(line for line in subgroups if len(line) > 5)
            above = title_of.get(code[:4]) if level == "maingroup" else None
            if below:
                self._fixed(rows([title]), below)
            if above:
                self._fixed(rows([above]), rows([title]) + below)

    def _fixed(self, left, right):
        if left and right:
            self.fixed.append((left, right))

    def __len__(self):
        return len(self.fixed) + len(self.split)

    def draw(self, random, n_rows):
        """One drawing: selectors of the left and the right sides, [n_pairs, n_rows]."""
        lefts, rights = [], []
        for left, right in self.fixed:
            lefts.append(left)
            if len(right) > 2 and random.random() < 0.5:
                size = int(random.integers(1, len(right)))
                right = [right[i] for i in random.permutation(len(right))[:size]]
            rights.append(right)
        for body in self.split:
            order = random.permutation(len(body))
            cut = int(random.integers(1, len(body)))
            lefts.append([body[i] for i in order[:cut]])
            rights.append([body[i] for i in order[cut:]])
        return _selector(lefts, n_rows), _selector(rights, n_rows)


def _selector(groups, n_rows):
    columns = np.concatenate([np.asarray(group, np.int32) for group in groups])
    starts = np.cumsum([0] + [len(group) for group in groups])
    return sp.csr_matrix(
        (np.ones(len(columns), np.float32), columns, starts), shape=(len(groups), n_rows)
    )
