"""The one decision: what is done with a turn. Pure; every channel, page and command goes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.conversation.alarms import complaint, emergency, person, suspicious
from bot.conversation.case import NONE_OF_THESE, PERSON, RATE, Case
from bot.conversation.choices import counted, out_of_range, pick
from bot.conversation.leads import asked_again, facts_alone, guide, ticket_facts, ticket_matter, ticket_wanted
from bot.conversation.model import Choice, Decision, Secret, SmallTalk
from bot.conversation.policy import FAILURES_BEFORE_HAND_OFF, KEY_LOST_ENTRY, KEY_TOLD_ENTRY, MAX_CHOICES
from bot.conversation.quoting import quoted
from knowledge.library import Candidate


def decide(case: Case) -> Decision:
    """The first rule that fires, in the fixed order: money, person, complaint, what is running, code, retrieval."""
    for rule in _RULES:
        decision = rule(case)
        if decision is not None:
            return _explained(case, decision)
    raise AssertionError("the last rule always decides")


def urgent(case: Case) -> Decision | None:
    """What the fixed rules say where nothing can be searched: money at stake, a person wanted, a complaint."""
    found = next(filter(None, (rule(case) for rule in (emergency, person, complaint))), None)
    return None if found is None else _explained(case, found)


def _explained(case: Case, decision: Decision) -> Decision:
    """The decision with its reasons, and the warning for secrets, which is said whatever else is."""
    top = case.ranking.candidates[:2]
    gap = top[0].probability - top[1].probability if len(top) == 2 else None
    because = {
        "none": round(case.ranking.none, 4),
        "gap": None if gap is None else round(gap, 4),
        "answer_at": round(case.policy.answer_at, 4),
        "codes": list(case.ranking.codes),
        "matched": top[0].matched if top else None,
        **decision.because,
    }
    intent = decision.intent or _understood(case)
    return replace(decision, secrets=case.heard.secrets, because=because, intent=intent)


def _understood(case: Case) -> str | None:
    """What was understood where nothing was answered: the intent of the surer of the two minds."""
    best, turn = case.best, case.turn
    if turn.intent is not None and (best is None or turn.confidence >= best.probability):
        return turn.intent
    return best.intent if best is not None and best.probability >= case.policy.named_at else None


def _failed(case: Case) -> Decision | None:
    """“没用”, “都不是”: the second in a row goes to a person; the first gets an apology and ways on."""
    signals = case.heard.signals
    none = signals.none_of_these or case.pressed == NONE_OF_THESE
    if not (signals.unhelpful or none) or case.turn.asked is not None:
        return None
    if case.state.failures + 1 >= FAILURES_BEFORE_HAND_OFF:
        return Decision("handoff", "second-failure", queue=case.queue_of_matter(), phrase="second_failure")
    return Decision("say", "first-failure", phrase="rephrase", choices=(PERSON,))


def _anger(case: Case) -> Decision | None:
    """Anger with a real question is answered first; without one it goes to a person."""
    if not case.heard.signals.anger or case.ranking.none < 0.5 or case.ranking.codes:
        return None
    return Decision("handoff", "anger", queue=case.queue_of_matter(), phrase="calm", priority="high")


def _choice(case: Case) -> Decision | None:
    """An answer to open choices; what fits none closes them."""
    state = case.state
    if not state.choices:
        return None
    picked = pick(state.choices, case.heard.text, case.pressed) or _only_one(case)
    if picked is not None and picked.id.startswith(RATE):
        return Decision("say", "rating", phrase="rated", because={"rating": int(picked.id.removeprefix(RATE))})
    if picked is None:
        if out_of_range(state.choices, case.heard.text) and not state.out_of_range:
            return Decision("clarify", "choice-out-of-range", phrase="out_of_range", choices=("again",))
        return None
    if picked.id == PERSON:
        return Decision("handoff", "person", queue=case.queue_of_matter(), phrase="handed_over")
    if picked.entry is None:
        return None
    kind = "form" if picked.entry in case.policy.guides else "answer"
    intent = case.policy.intent_of(picked.entry)
    return Decision(kind, "choice", entry=picked.entry, intent=intent, confidence=1.0)


def _only_one(case: Case) -> Choice | None:
    """The one thing that was asked about, where the answer is a plain yes."""
    offered = counted(case.state.choices)
    return offered[0] if len(offered) == 1 and case.heard.signals.agrees else None


def _small_talk(case: Case) -> Decision | None:
    talk = case.heard.signals.small_talk
    if talk is None:
        return (
            Decision("say", "solved", phrase="solved", intent="goodbye_thanks", choices=(RATE,))
            if case.heard.signals.solved or _solved_too(case)
            else None
        )
    if talk is SmallTalk.NOISE and case.ranking.codes:  # “40047” alone
        return None
    intent = {SmallTalk.GREETING: "greeting", SmallTalk.THANKS: "goodbye_thanks", SmallTalk.CAPABILITY: "greeting"}
    return Decision("say", f"small-talk:{talk.value}", phrase=talk.value, intent=intent.get(talk, "out_of_scope"))


def _solved_too(case: Case) -> bool:
    """“补上目录就能付了，好了”, after something was answered."""
    return case.heard.signals.says_solved and case.state.focus is not None and not case.sure


def _code(case: Case) -> Decision | None:
    """A recognised error code whose entry leads the ranking; two equally specific ones are asked about."""
    owners = case.ranking.code_entries
    best = case.best
    if not owners or best is None:
        return None
    if best.entry in owners and (len(owners) == 1 or (case.sure and len(case.ranking.codes) == 1)):
        return _answer(case, best, "code")
    owner = next((one for one in case.ranking.candidates if one.entry in owners), None)
    if len(owners) == 1 and owner is not None and not case.heard.signals.asks:  # “私钥换对了，现在报 40029”
        return _answer(case, replace(owner, probability=max(owner.probability, case.policy.answer_at)), "code")
    if len(owners) > 1 and best.entry in owners:
        return Decision("clarify", "codes", choices=owners[:MAX_CHOICES], phrase="which", confidence=best.probability)
    return None


def _searched(case: Case) -> Decision:
    """What the entries say; where they say nothing, a document may."""
    return quoted(case, _retrieval(case))


def _retrieval(case: Case) -> Decision:
    best, ranking, policy = case.best, case.ranking, case.policy
    if best is None:
        return _decline(case)
    if case.sure and case.alone and case.heard.signals.english and best.probability < policy.english_at:
        return _asked_back((best,), "unsure")  # few phrasings are English: what comes near is not what is meant
    if case.sure and not (case.heard.signals.vague and len(ranking.candidates) > 1):
        return _answer(case, best, "retrieval")
    if case.sure:  # “证书的问题”: one is likeliest, but nothing was said that would tell
        return _asked_back(ranking.candidates[:MAX_CHOICES], "vague")
    if ranking.none > 1 - policy.decline_at:
        return _decline(case)
    inside = sum(candidate.probability for candidate in ranking.candidates)
    near = [c for c in ranking.candidates if c.probability >= policy.choice_at * inside][:MAX_CHOICES]
    if not near:
        return _decline(case)
    return _asked_back(near, "close" if len(near) > 1 else "unsure")


def _asked_back(near: Sequence[Candidate], rule: str) -> Decision:
    best = near[0]
    entries = tuple(candidate.entry for candidate in near)
    return Decision("clarify", rule, choices=entries, phrase="which", confidence=best.probability)


def _answer(case: Case, candidate: Candidate, rule: str) -> Decision:
    if candidate.entry == KEY_LOST_ENTRY and set(case.heard.secrets) & {Secret.PRIVATE_KEY, Secret.API_KEY}:
        return Decision("answer", "key-told", entry=KEY_TOLD_ENTRY, intent=candidate.intent, confidence=1.0)
    kind = "form" if candidate.entry in case.policy.guides else "answer"
    also = "offer_person" if case.heard.signals.anger else None
    return Decision(
        kind, rule, entry=candidate.entry, intent=candidate.intent, confidence=candidate.probability, also=also
    )


def _decline(case: Case) -> Decision:
    """Nothing vetted fits: say so, offer a person; the second time in a row a person is called."""
    matter = case.ranking.uncovered
    confidence = case.best.probability if case.best else 0.0
    if case.heard.signals.thanks_too:  # “哦我日期选错了，谢谢”
        return Decision("say", "small-talk:thanks", phrase="thanks", intent="goodbye_thanks")
    if case.state.failures + 1 >= FAILURES_BEFORE_HAND_OFF and (matter is None or matter.near):
        return Decision("handoff", "second-failure", queue=case.queue_of_matter(), phrase="second_failure")
    far = matter is not None and not matter.near and not _has_code(case)
    phrase = "english" if case.heard.signals.english else "out_of_scope" if far else "decline"
    return Decision(
        "say",
        "out-of-scope" if far else "low-confidence",
        phrase=phrase,
        intent=case.turn.intent or "out_of_scope",
        queue=None if far else (matter.queue if matter else None),
        choices=() if far else (PERSON,),
        confidence=confidence,
        because={"uncovered": matter.id if matter else None},
    )


def _has_code(case: Case) -> bool:
    """Whether a message holds what has the form of an error code, though no entry explains it."""
    return any(fact.name == "error_code" for fact in case.heard.facts)


_RULES: tuple[Callable[[Case], Decision | None], ...] = (
    emergency,
    person,
    complaint,
    suspicious,
    ticket_matter,
    ticket_wanted,
    guide,
    ticket_facts,
    _choice,
    _failed,
    _anger,
    _small_talk,
    _code,
    asked_again,
    facts_alone,
    _searched,
)
