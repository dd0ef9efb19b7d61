"""Train a static embedding by contrast between groups of texts that ask the same thing.

Each text is the weighted sum of its features' vectors. Within a batch every text is drawn to the others of its group
and away from all the rest (supervised contrastive loss, Khosla et al. 2020); features are dropped at random so that no
single word decides. What else was tried, with figures: README.md beside this file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

Cut = Callable[[str], list[str]]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Training figures; `temperature` divides cosines, `least_count` drops features seen in fewer texts.

    `together` texts of a group stand in one batch, so that each has others to be drawn to.
    """

    dimensions: int = 128
    epochs: int = 14
    batch: int = 256
    together: int = 4
    rate: float = 3e-3
    dropout: float = 0.3
    temperature: float = 0.1
    least_count: int = 3
    seed: int = 20261122


@dataclass(frozen=True, slots=True)
class Trained:
    """`vectors` is (features, dimensions) float32 in the order of `features`, inverse frequencies folded in."""

    features: tuple[str, ...]
    vectors: NDArray[np.float32]


def train(
    groups: Mapping[str, Sequence[str]], cut: Cut, plan: Plan, progress: Callable[[int, float], None] | None = None
) -> Trained:
    """Train on `groups` (name -> normalised texts); `progress(epoch, loss)` is called after each epoch.

    Runs on one thread: the same plan and texts then give the same vectors, however many cores there are.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(groups, cut, plan, progress or (lambda _, __: None))
    finally:
        torch.set_num_threads(threads)


def _train(
    groups: Mapping[str, Sequence[str]], cut: Cut, plan: Plan, progress: Callable[[int, float], None]
) -> Trained:
    torch.manual_seed(plan.seed)
    order = np.random.default_rng(plan.seed)
    rows, owners, features, weight = _prepare(groups, cut, plan.least_count)
    table = nn.EmbeddingBag(len(features), plan.dimensions, mode="sum")
    nn.init.normal_(table.weight, std=plan.dimensions**-0.5)
    optimiser = torch.optim.Adam(table.parameters(), lr=plan.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs)
    for epoch in range(plan.epochs):
        total = 0.0
        for picked in _batches(owners, plan, order):
            index, values, offsets = _bag([rows[i] for i in picked], weight, plan.dropout, order)
            found = functional.normalize(table(index, offsets, per_sample_weights=values), dim=-1)
            loss = contrast(found, torch.from_numpy(owners[picked]), plan.temperature)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item() * len(picked)
        schedule.step()
        progress(epoch + 1, total / len(rows))
    vectors = table.weight.detach().numpy() * weight[:, None]
    return Trained(features, vectors.astype(np.float32))


def contrast(vectors: torch.Tensor, owners: torch.Tensor, temperature: float) -> torch.Tensor:
    """How far texts are from finding those of their own group among all others of the batch; 0 where none has any.

    `vectors` is (n, d) of unit length, `owners` (n,) their groups. The mean over texts of the mean over its fellows of
    the negative logarithm of the fellow's share in the softmax over cosines.
    """
    itself = torch.eye(len(owners), dtype=torch.bool)
    fellows = (owners[:, None] == owners[None]) & ~itself
    cosines = (vectors @ vectors.T / temperature).masked_fill(itself, -1e9)
    shares = cosines - cosines.logsumexp(dim=1, keepdim=True)
    counted = fellows.sum(dim=1)
    means = -(shares * fellows).sum(dim=1) / counted.clamp(min=1)
    return means.sum() / (counted > 0).sum().clamp(min=1)


def _batches(owners: Longs, plan: Plan, order: np.random.Generator) -> Iterator[Longs]:
    """Every text once, in random order, but `together` of a group next to each other."""
    sets: list[Longs] = []
    for owner in np.unique(owners):
        mixed = order.permutation(np.flatnonzero(owners == owner))
        sets += [mixed[at : at + plan.together] for at in range(0, len(mixed), plan.together)]
    whole = np.concatenate([sets[number] for number in order.permutation(len(sets))])
    yield from (whole[at : at + plan.batch] for at in range(0, len(whole), plan.batch))


def _prepare(
    groups: Mapping[str, Sequence[str]], cut: Cut, least: int
) -> tuple[list[Longs], Longs, tuple[str, ...], NDArray[np.float32]]:
    cut_texts = [(number, cut(text)) for number, texts in enumerate(groups.values()) for text in texts]
    counts = Counter(feature for _, row in cut_texts for feature in set(row))
    features = tuple(sorted(feature for feature, n in counts.items() if n >= least))
    column = {feature: number for number, feature in enumerate(features)}
    weight = np.array([math.log((1 + len(cut_texts)) / (1 + counts[f])) + 1 for f in features], dtype=np.float32)
    rows = [np.array([column[f] for f in row if f in column], dtype=np.int64) for _, row in cut_texts]
    return rows, np.array([number for number, _ in cut_texts]), features, weight


def _bag(
    rows: Sequence[Longs], weight: NDArray[np.float32], dropout: float, order: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    kept = [row[order.random(len(row)) >= dropout] for row in rows]
    flat = np.concatenate(kept)
    offsets = np.cumsum([0, *(len(row) for row in kept[:-1])])
    return torch.from_numpy(flat), torch.from_numpy(weight[flat]), torch.from_numpy(offsets)
