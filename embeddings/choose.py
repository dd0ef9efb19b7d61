"""Which of a few options a text means, learned from a handful of texts an option.

Each question has its own linear judges, and the likeness to the nearest text of an option counts beside them; what
speaks for no option clearly is left open. Learned at the first use of a question, in a few milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

_LEAST = 0.5
_LEAST_GAP = 0.2
"""Sum of the judge's distance and the cosine to the nearest text, and how far ahead of the next option it must be.

Measured on tests/quality/answers.yml, typed answers by an author who saw neither examples nor code: without the two
bounds 95 % of those that mean an option are read as that option, with them 91 %, and 2 % as another."""


@dataclass(frozen=True)
class _Judges:
    """One question: its texts as rows, the option each belongs to, and the linear judges of the options."""

    texts: csr_matrix
    owners: NDArray[np.int64]
    judge: Any


class Chooser:
    """Questions by name, each a list of options, each option a list of texts that mean it.

    `features` cuts a text into what is counted. Texts of all questions together tell how much a feature says.
    """

    def __init__(self, questions: Mapping[str, Sequence[Sequence[str]]], features: Callable[[str], list[str]]) -> None:
        self._questions = questions
        self._features = features
        self._vectorizer: TfidfVectorizer | None = None
        self._learned: dict[str, _Judges | None] = {}
        self._lock = threading.Lock()

    def choose(self, question: str, text: str) -> int | None:
        """The number of the option meant, or None where it is none, or not clear."""
        scores = self.scores(question, text)
        if scores is None:
            return None
        first, second = np.argsort(-scores)[:2]
        clear = scores[first] >= _LEAST and scores[first] - scores[second] >= _LEAST_GAP
        return int(first) if clear else None

    def scores(self, question: str, text: str) -> NDArray[np.float64] | None:
        """(options,) how much speaks for each option; None for a question with fewer than two that have texts."""
        judges = self._judges(question)
        if judges is None or self._vectorizer is None:
            return None
        row = self._vectorizer.transform([text])
        distances = judges.judge.decision_function(row).ravel()
        if len(distances) == 1:
            distances = np.array([-distances[0], distances[0]])
        likeness = (judges.texts @ row.T).toarray().ravel()
        scores = np.full(len(self._questions[question]), -np.inf)
        for option, distance in zip(judges.judge.classes_, distances, strict=True):
            scores[option] = distance + likeness[judges.owners == option].max()
        return scores

    def _judges(self, question: str) -> _Judges | None:
        with self._lock:
            if self._vectorizer is None:
                texts = [text for options in self._questions.values() for option in options for text in option]
                self._vectorizer = TfidfVectorizer(analyzer=self._features, sublinear_tf=True).fit(texts or [""])
            if question not in self._learned:
                self._learned[question] = self._learn(self._questions[question], self._vectorizer)
            return self._learned[question]

    @staticmethod
    def _learn(options: Sequence[Sequence[str]], vectorizer: TfidfVectorizer) -> _Judges | None:
        owners = np.array([number for number, texts in enumerate(options) for _ in texts], dtype=np.int64)
        if len(np.unique(owners)) < 2:
            return None
        rows = vectorizer.transform([text for texts in options for text in texts])
        return _Judges(rows, owners, LinearSVC(random_state=0).fit(rows, owners))
