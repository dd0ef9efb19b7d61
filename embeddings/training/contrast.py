"""Train a static embedding by contrast between groups of texts that ask the same thing.

Each text is the weighted sum of its features' vectors; it is drawn to its group's centre and away from all other
centres (softmax over cosines, label smoothing, features dropped at random so that no single word decides).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

Cut = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Training figures; `temperature` divides cosines, `least_count` drops features seen in fewer texts."""

    dimensions: int = 128
    epochs: int = 14
    batch: int = 256
    rate: float = 3e-3
    dropout: float = 0.3
    temperature: float = 1 / 16
    smoothing: float = 0.1
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
    """Train on `groups` (name -> normalised texts); `progress(epoch, loss)` is called after each epoch."""
    torch.manual_seed(plan.seed)
    order = np.random.default_rng(plan.seed)
    rows, labels, features, weight = _prepare(groups, cut, plan.least_count)
    table = nn.EmbeddingBag(len(features), plan.dimensions, mode="sum")
    nn.init.normal_(table.weight, std=plan.dimensions**-0.5)
    centres = nn.Parameter(torch.randn(len(groups), plan.dimensions) * plan.dimensions**-0.5)
    optimiser = torch.optim.Adam([*table.parameters(), centres], lr=plan.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs)
    for epoch in range(plan.epochs):
        total = 0.0
        for start in range(0, len(rows), plan.batch):
            if start == 0:
                shuffled = order.permutation(len(rows))
            picked = shuffled[start : start + plan.batch]
            index, values, offsets = _bag([rows[i] for i in picked], weight, plan.dropout, order)
            found = functional.normalize(table(index, offsets, per_sample_weights=values), dim=-1)
            cosines = found @ functional.normalize(centres, dim=-1).T
            loss = functional.cross_entropy(
                cosines / plan.temperature, torch.from_numpy(labels[picked]), label_smoothing=plan.smoothing
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item() * len(picked)
        schedule.step()
        if progress:
            progress(epoch + 1, total / len(rows))
    vectors = table.weight.detach().numpy() * weight[:, None]
    return Trained(features, vectors.astype(np.float32))


def _prepare(
    groups: Mapping[str, Sequence[str]], cut: Cut, least: int
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64], tuple[str, ...], NDArray[np.float32]]:
    cut_texts = [(number, cut(text)) for number, texts in enumerate(groups.values()) for text in texts]
    counts = Counter(feature for _, row in cut_texts for feature in set(row))
    features = tuple(sorted(feature for feature, n in counts.items() if n >= least))
    column = {feature: number for number, feature in enumerate(features)}
    weight = np.array([math.log((1 + len(cut_texts)) / (1 + counts[f])) + 1 for f in features], dtype=np.float32)
    rows = [np.array([column[f] for f in row if f in column], dtype=np.int64) for _, row in cut_texts]
    return rows, np.array([number for number, _ in cut_texts]), features, weight


def _bag(
    rows: Sequence[NDArray[np.int64]], weight: NDArray[np.float32], dropout: float, order: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    kept = [row[order.random(len(row)) >= dropout] for row in rows]
    flat = np.concatenate(kept)
    offsets = np.cumsum([0, *(len(row) for row in kept[:-1])])
    return torch.from_numpy(flat), torch.from_numpy(weight[flat]), torch.from_numpy(offsets)
