"""What nobody would write is read to its end too: an expression that goes astray would hold up everybody."""

from __future__ import annotations

import pytest

from bot.conversation.signals import recognise


@pytest.mark.parametrize(
    "piece", ["不是的", "刚", "好了谢谢啊啊", "好了辛苦了", "没用啊", "对的", "就提交", "没有了", "哈", "1"]
)
@pytest.mark.parametrize("chars", [23, 1999])
def test_a_word_said_over_and_over_is_no_reaction(piece: str, chars: int) -> None:
    signals = recognise(f"{(piece * chars)[:chars]}囧囧囧囧")
    found = (signals.unhelpful, signals.solved, signals.says_solved, signals.agrees, signals.small_talk)
    assert found == (False, False, False, False, None)
