"""Features of candidate pairs: hashed for the network's linear part, dense for its neural part.

A template is a type of feature, such as the word before the head. A hashed feature is a 64-bit hash
of the number of a template and the values for the pair. It is 0 if the template does not apply to
the pair. All pairs have the same number of hashed features.
"""

from __future__ import annotations

import numpy as np

from aloi.models.arrays import BoolArray, FloatArray, HashArray, IntArray
from aloi.models.relations.hashing import hash_bits, hash_columns
from aloi.models.relations.pair_context import GAP_WINDOW, PairContext

_DISTANCE_STARTS = np.array([0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60, 90])
"""The smallest number of tokens in the gap, for each distance class."""

_INDICATORS = 4 + (len(_DISTANCE_STARTS) + 1) + 7 + 7 * 8
"""The number of columns of `_indicators`.

The terms are the flags, the distance classes, the number of mentions in the gap, and 7 other
counts.
"""

DENSE_COLUMNS = 2 * 64 + _INDICATORS
"""The number of columns of `dense_features`."""

Bag = tuple[HashArray, BoolArray]
"""Several values for each pair, and a mask of the values that apply. Shapes: (pairs, values)."""


def hashed_features(context: PairContext) -> HashArray:
    """Return the hashed features, 0 if a template does not apply. Shape: (pairs, features).

    Each template is hashed twice: once with and once without the entity labels of the pair.
    """
    columns = [*_positions(context), *_words(context), *_symbol_pattern(context), *_syntax(context)]
    bags = [
        *_gap_words(context),
        _gap_symbols(context),
        *_ancestor_words(context),
        *_cluster_words(context),
    ]
    types = context.types
    width = 1 + 2 * len(columns) + 2 * sum(values.shape[1] for values, _ in bags)
    hashed = np.zeros((width, len(context.head)), dtype=np.uint64)
    hashed[0] = hash_columns(1, types)
    for number, column in enumerate(columns):
        hashed[1 + 2 * number] = hash_columns(1000 + number, types, column)
        hashed[2 + 2 * number] = hash_columns(2000 + number, column)
    row = 1 + 2 * len(columns)
    for number, (values, applies) in enumerate(bags):
        untyped = hash_columns(3000 + number, values)
        typed = hash_columns(3500 + number, values, types[:, None])
        for cells in (untyped, typed):
            hashed[row : row + values.shape[1]] = (cells * applies).T
            row += values.shape[1]
    return hashed.T


def dense_features(context: PairContext) -> FloatArray:
    """Return the dense features: entity labels and positions. Shape: (pairs, `DENSE_COLUMNS`)."""
    rows = (context.head, context.tail)
    labels = [hash_bits(context.mentions.label[mentions]) for mentions in rows]
    return np.concatenate([*labels, _indicators(context)], axis=1)


def _indicators(context: PairContext) -> FloatArray:
    """Return the properties of `_positions` as columns of 0 and 1.

    Shape: (pairs, `_INDICATORS`).
    """
    rows, classes = np.arange(len(context.gap)), len(_DISTANCE_STARTS) + 1
    columns = np.zeros((len(rows), _INDICATORS), dtype=np.float32)
    reflexive = context.head == context.tail
    flags = (context.forward, context.nested, context.same_sentence, reflexive)
    columns[:, :4] = np.stack(flags, axis=1)
    columns[rows, 4 + np.digitize(context.gap, _DISTANCE_STARTS)] = 1
    columns[rows, 4 + classes + context.mentions_between] = 1
    for number, count in enumerate((*context.same_label_between, *context.sentence_counts)):
        columns[rows, 4 + classes + 7 + 8 * number + count] = 1
    return columns


def _positions(context: PairContext) -> list[HashArray]:
    """Return columns for order, nesting, distance, same sentence, and counts of other mentions."""
    reflexive = context.head == context.tail
    flags = reflexive * 8 + context.forward * 4 + context.nested * 2 + context.same_sentence
    like_head, like_tail = context.same_label_between
    head, tail, head_label, tail_label, total = context.sentence_counts
    columns = [
        flags,
        flags * 100 + np.digitize(context.gap, _DISTANCE_STARTS),
        flags * 100 + context.mentions_between,
        flags * 100 + like_head * 10 + like_tail,
        flags * 100 + np.minimum(head, 4) * 10 + np.minimum(tail, 4),
        flags * 100 + np.minimum(head_label, 3) * 10 + np.minimum(tail_label, 3),
        flags * 100 + total,
    ]
    return [column.astype(np.uint64) for column in columns]


def _words(context: PairContext) -> list[HashArray]:
    """Return columns for the syntactic heads, the words next to the mentions, and the gap.

    The column for the gap covers all words of the gap; it is 1 if there are more than 4.
    """
    word, mentions, order = context.tokens.word, context.mentions, context.order
    columns = [word[root] for root in context.roots]
    for mention in (context.head, context.tail):
        before, after = word[mentions.start[mention] - 1], word[mentions.end[mention]]
        columns += [
            hash_columns(1, order, before),
            hash_columns(2, order, after),
            hash_columns(3, before, after),
        ]
    gap: HashArray = np.full(len(order), 5, dtype=np.uint64)
    for step in range(4):
        extended = hash_columns(4, gap, _take(word, context.gap_start + step))
        gap = np.where(step < context.gap, extended, gap)
    columns.append(np.where(context.gap <= 4, hash_columns(5, gap, order), 1))
    return columns


def _symbol_pattern(context: PairContext) -> list[HashArray]:
    """Return columns for the first 3 symbols, the last 3 symbols, and all symbols of the gap.

    If the gap contains more than 8 symbols, the column for all symbols is set to 1.
    """
    symbols, order = context.batch.symbols, context.order
    length = context.symbol_end - context.symbol_start
    start: HashArray = np.full(len(order), 6, dtype=np.uint64)
    end, full = start + np.uint64(1), start + np.uint64(2)
    for step in range(8):
        symbol = _take(symbols, context.symbol_start + step)
        full = np.where(step < length, hash_columns(1, full, symbol), full)
        if step < 3:
            start = np.where(step < length, hash_columns(2, start, symbol), start)
            last = _take(symbols, context.symbol_end - 1 - step)
            end = np.where(step < length, hash_columns(3, end, last), end)
    full = np.where(length <= 8, hash_columns(4, full, order), 1)
    return [hash_columns(5, start, order), hash_columns(6, end, order), full]


def _syntax(context: PairContext) -> list[HashArray]:
    """Return columns for the two syntactic heads: dependency labels, parents, connecting path."""
    dep, word, parent = context.tokens.dep, context.tokens.word, context.tokens.parent
    path = context.dependency_path()
    parents = [word[parent[root]] for root in context.roots]
    labels = [dep[root] for root in context.roots]
    return [
        hash_columns(1, *labels),
        *parents,
        hash_columns(2, *parents),
        path,
        hash_columns(3, path, *parents),
    ]


def _gap_words(context: PairContext) -> list[Bag]:
    """Return two bags of words: at the left end and at the right end of the gap."""
    word, order = context.tokens.word, context.order[:, None]
    return [
        (hash_columns(1, _take(word, tokens), order), applies)
        for tokens, applies in context.gap_tokens()
    ]


def _gap_symbols(context: PairContext) -> Bag:
    """Return a bag of the first symbols in the gap."""
    position = context.symbol_start[:, None] + np.arange(2 * GAP_WINDOW)
    symbols = _take(context.batch.symbols, position)
    applies = position < context.symbol_end[:, None]
    return hash_columns(2, symbols, context.order[:, None]), applies


def _ancestor_words(context: PairContext) -> list[Bag]:
    """Return two bags of tagged words: the ancestors of head and tail in the dependency tree."""
    tokens = context.tokens
    bags = []
    for number, chain in enumerate(context.ancestors):
        above = chain[:, 1:]
        words = hash_columns(number, tokens.word[above], tokens.pos[above])
        bags.append((words, np.diff(chain, axis=1) != 0))
    return bags


def _cluster_words(context: PairContext) -> list[Bag]:
    """Return bags of words for the clusters of head and tail.

    The words are the syntactic heads of all mentions in the cluster, and the words next to these
    mentions. The list is empty if no cluster in the batch has several mentions.
    """
    batch = context.batch
    if batch.cluster_mentions.shape[1] == 1:
        return []
    word, mentions = context.tokens.word, context.mentions
    bags: list[Bag] = []
    for number, mention in enumerate((context.head, context.tail)):
        rows = batch.cluster_mentions[mention]
        before, after = word[mentions.start[rows] - 1], word[mentions.end[rows]]
        columns = word[batch.roots[rows]], hash_columns(1, before), hash_columns(2, after)
        bags += [(hash_columns(number, column), rows >= 0) for column in columns]
    return bags


def _take(column: HashArray, position: IntArray) -> HashArray:
    """Return the values of a column at these positions, which are clipped to valid positions."""
    return column[np.clip(position, 0, len(column) - 1)]
