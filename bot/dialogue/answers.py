"""Reads a typed answer to a guide's question as one of its choices, by the answers that each choice lists."""

from __future__ import annotations

from collections.abc import Mapping

from bot.dialogue.guides import Branch, Guide, Means
from embeddings.choose import Chooser
from knowledge.question import Language


def reader(guides: Mapping[str, Guide], language: Language) -> Means:
    """What finds the choice of a guide's step that a sentence means."""

    def features(text: str) -> list[str]:
        return language.segmenter.features(language.normalise(text))

    chooser = Chooser(
        {
            f"{guide.id}:{name}": [
                (branch.label, *branch.words, *branch.says) if branch.says else () for branch in ask.branches
            ]
            for guide in guides.values()
            for name, ask in guide.steps.items()
        },
        features,
    )

    def means(guide: Guide, step: str, text: str) -> Branch | None:
        found = chooser.choose(f"{guide.id}:{step}", text)
        return None if found is None else guide.steps[step].branches[found]

    return means
