"""Thresholds and weights that follow what is published: fitted again after every release, encoder or model change.

What is fitted stands in `calibration.json` (the library alone) and `joint.json` (with the dialogue engine) under the
home folder, each with the identity of what it was fitted for. Until a new one is there the one before is used.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from bot.conversation.hearing import hear
from bot.conversation.joint import WEIGHTS, Joint, features, has_say, read_joint, shares, weigh
from bot.conversation.model import Heard, State, Turn
from knowledge.bound import Threshold
from knowledge.confidence import Calibration, Floats
from knowledge.evaluate import GOLDEN, Judged, Labelled, bounded, calibrate, hash_of, look, read_questions, weights_of
from knowledge.library import Ranking

if TYPE_CHECKING:
    from bot.parts import Parts

CALIBRATION_NAME, JOINT_NAME = "calibration.json", "joint.json"
_FOLDS = 5
_RIDGE = 0.0002
_LOOKED_AT = 24
_BREATH_SECONDS = 0.01
"""Between two questions asked for tuning: merchants come first."""
_EVERY_SECONDS = 5.0
_AFTER_FAILURE_SECONDS = 120.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """A labelled question, and what each mind made of it."""

    labelled: Labelled
    heard: Heard
    turn: Turn
    ranking: Ranking


def seen_by_both(parts: Parts, questions: Iterable[Labelled]) -> Iterator[Seen]:
    """Every question as the library and the dialogue engine see it."""
    now = datetime.now(UTC)
    for one in questions:
        heard = hear(one.question, now)
        turn = parts.dialogue.turn("tuning", heard, State(), None)
        yield Seen(one, heard, turn, parts.library.search(parts.library.language.read(heard.text), limit=_LOOKED_AT))


def fit(seen: Sequence[Seen]) -> Joint:
    """The weights under which what people said of the questions is likeliest, lightly shrunk to 0.

    Kinds of questions count as often as they are assumed to come (`knowledge.evaluate.LIFE`).
    """
    counts = weights_of([one.labelled for one in seen])
    examples = [
        (features(one.ranking, one.turn.intents), target, count)
        for one, count in zip(seen, counts, strict=True)
        if has_say(one.ranking, one.turn.intents) and (target := target_of(one)) is not None
    ]
    weight = np.array([count for _, _, count in examples])

    def loss(weights: Floats) -> float:
        likely = [target @ np.log(shares(*numbers, weights) + 1e-12) for numbers, target, _ in examples]
        return float(-weight @ likely / weight.sum() + _RIDGE * weights @ weights)

    found = minimize(loss, np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), method="L-BFGS-B")
    weights: dict[str, Any] = dict(zip(WEIGHTS, map(float, found.x), strict=True))
    return Joint(**weights)


def target_of(one: Seen) -> Floats | None:
    """(candidates + 2,) shares of what is right, “none” and “ask back” last; None where it is no candidate."""
    labelled = one.labelled
    wanted = labelled.wanted if labelled.expect == "answer" else frozenset()
    hits = [candidate.entry in wanted for candidate in one.ranking.candidates]
    target = np.array([*hits, labelled.expect == "none", labelled.expect == "clarify"], float)
    return target / target.sum() if target.any() else None


def judged(one: Seen, joint: Joint) -> Judged:
    """A question under the weights of both minds."""
    ranking = weigh(one.ranking, one.turn.intents, joint)
    entries = tuple(candidate.entry for candidate in ranking.candidates)
    return Judged(one.labelled, entries, ranking.confidence.value, ranking.none, ranking.unclear)


def folded(seen: Sequence[Seen]) -> list[Judged]:
    """Each question judged by weights that were fitted without it."""
    fits = [fit([one for number, one in enumerate(seen) if number % _FOLDS != fold]) for fold in range(_FOLDS)]
    return [judged(one, fits[number % _FOLDS]) for number, one in enumerate(seen)]


def tuned(seen: Sequence[Seen], wrong_rate: float, encoder: str, model: str, release: str) -> tuple[Joint, Threshold]:
    """Weights fitted on all questions, with the threshold that questions unseen by the weights allow."""
    found = bounded(folded(seen), wrong_rate)
    joint = replace(
        fit(seen),
        answer_at=found.answer_at,
        encoder=encoder,
        questions=hash_of(one.labelled for one in seen),
        release=release,
        wrong_rate=wrong_rate,
        model=model,
    )
    return joint, found


def read_calibration(path: Path) -> Calibration | None:
    """A stored calibration, or None where there is none that this version can use."""
    try:
        kept = Calibration.read(path)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return kept if kept.fits else None


def joint_of(home: Path, encoder: str) -> Joint:
    """How the two minds were weighed last for this encoder; else as it comes with the software."""
    try:
        kept = Joint.read(home / JOINT_NAME)
    except (OSError, ValueError, TypeError):
        return read_joint()
    return kept if kept.encoder == encoder else read_joint()


class Tuner:
    """Watches what is served and fits anew in the background what no longer belongs to it. One at a time."""

    def __init__(self, parts: Parts, questions: Path = GOLDEN) -> None:
        self._parts = parts
        self._questions = questions
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch from now on; comes back at once."""
        self._thread = threading.Thread(target=self._watch, name="tuner", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Give up what is going on."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _watch(self) -> None:
        pause = _EVERY_SECONDS
        while not self._stopping.wait(pause):
            try:
                done = self.tick()
            except Exception:  # an edge: whatever a fit meets, what was fitted before goes on being used
                log.exception("tuning failed")
                done = False
            pause = _EVERY_SECONDS if done else _AFTER_FAILURE_SECONDS

    def due(self) -> Callable[[], bool] | None:
        """What is to be fitted anew now: first the library, for both minds are weighed over it."""
        parts = self._parts
        encoder, release, rate = parts.encoder.fingerprint, parts.library.release, parts.wrong_rate()
        if not parts.library.calibration.belongs_to(encoder, release, rate):
            return self.tune_library
        model = parts.model_served()
        if model and not parts.joint.belongs_to(encoder, release, rate, model):
            return self.tune_both
        return None

    def tick(self) -> bool:
        """Do what is due; whether all is well now."""
        while (due := self.due()) is not None:
            if not due():
                return False
        return True

    def tune_library(self) -> bool:
        """Fit the library's calibration on what is served now, keep it and use it; whether it could be done."""
        parts, release = self._parts, self._parts.library.release
        seen = look(parts.library, read_questions(self._questions), lambda *_: self._breathe())
        if self._stopping.is_set():
            return False
        parts.use_calibration(calibrate(seen, parts.wrong_rate(), parts.encoder.fingerprint, release))
        return True

    def tune_both(self) -> bool:
        """Fit how the two minds are weighed; given up where the dialogue engine changes or falls silent meanwhile."""
        parts = self._parts
        release, rate, model = parts.library.release, parts.wrong_rate(), parts.model_served()
        seen = []
        for one in seen_by_both(parts, read_questions(self._questions)):
            self._breathe()
            if self._stopping.is_set() or not one.turn.intents or parts.model_served() != model:
                return False
            seen.append(one)
        joint, _ = tuned(seen, rate, parts.encoder.fingerprint, model, release)
        parts.use_joint(joint)
        return True

    def _breathe(self) -> None:
        self._stopping.wait(_BREATH_SECONDS)
