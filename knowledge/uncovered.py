"""Matters the knowledge base knowingly does not cover: recognised, so that the bot can say so instead of guessing."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "none-"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """`near` matters lie beside the domain (a person may help, at `queue`); others are simply not ours."""

    id: str
    name: str
    near: bool
    queue: str | None
    phrasings: tuple[str, ...]
