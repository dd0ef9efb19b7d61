"""A tiny training: texts that ask the same thing meet, and what comes out is an ordinary model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.encoder import SentenceEncoder, feature_settings
from embeddings.segment import Segmenter
from embeddings.training.contrast import Plan, Trained, contrast, train
from embeddings.training.pack import pack

GROUPS = {
    "refund": ["怎么退款", "钱怎么退给客人", "退款在哪点", "客人要退钱", "把钱还给客人", "退货退钱"],
    "split": ["分账失败", "分账报错", "分账不成功", "分给对方报错", "分账怎么失败", "分不了账"],
    "invoice": ["怎么开票", "发票在哪开", "开发票", "想要发票", "发票怎么申请", "票怎么开"],
    "settle": ["结算没到", "今天没结算", "结算款没到账", "钱没结过来", "结算怎么没来", "没收到结算"],
}
ASKED = {"refund": "想退钱给客人", "split": "分账报失败", "invoice": "申请开发票", "settle": "结算还没来"}
PLAN = Plan(dimensions=16, epochs=30, batch=8, rate=0.03, dropout=0.1, least_count=1)


def right(vectors: Trained, segmenter: Segmenter) -> float:
    """Share of the questions whose nearest group is their own."""
    place = {feature: number for number, feature in enumerate(vectors.features)}

    def read(text: str) -> np.ndarray:
        rows = [place[feature] for feature in segmenter.features(text) if feature in place]
        found = vectors.vectors[rows].sum(axis=0)
        return found / (np.linalg.norm(found) or 1.0)

    centres = np.stack([sum(read(text) for text in texts) for texts in GROUPS.values()])
    nearest = [list(GROUPS)[int((centres @ read(text)).argmax())] for text in ASKED.values()]
    return sum(found == wanted for found, wanted in zip(nearest, ASKED, strict=True)) / len(ASKED)


def spread(vectors: Trained, segmenter: Segmenter) -> float:
    """How much nearer texts of one group are to each other than to the others, as a mean of cosines."""
    place = {feature: number for number, feature in enumerate(vectors.features)}
    rows, owners = [], []
    for owner, texts in enumerate(GROUPS.values()):
        for text in texts:
            found = vectors.vectors[[place[f] for f in segmenter.features(text) if f in place]].sum(axis=0)
            rows.append(found / np.linalg.norm(found))
            owners.append(owner)
    cosines = np.stack(rows) @ np.stack(rows).T
    same = np.equal.outer(owners, owners)
    return float(cosines[same].mean() - cosines[~same].mean())


@pytest.fixture(scope="module")
def told() -> list[tuple[int, float]]:
    return []


@pytest.fixture(scope="module")
def trained(segmenter: Segmenter, told: list[tuple[int, float]]) -> Trained:
    return train(GROUPS, segmenter.features, PLAN, lambda epoch, loss: told.append((epoch, loss)))


def test_training_brings_the_texts_of_a_group_together(trained: Trained, segmenter: Segmenter) -> None:
    before = train(GROUPS, segmenter.features, Plan(dimensions=16, epochs=1, batch=8, rate=0.0, least_count=1))
    assert spread(trained, segmenter) > spread(before, segmenter) + 0.3
    assert right(trained, segmenter) >= right(before, segmenter)


def test_questions_it_was_not_trained_on_find_their_group(trained: Trained, segmenter: Segmenter) -> None:
    assert right(trained, segmenter) == 1.0


def test_the_loss_falls_and_every_epoch_is_told(trained: Trained, told: list[tuple[int, float]]) -> None:
    assert [epoch for epoch, _ in told] == list(range(1, PLAN.epochs + 1))
    assert told[-1][1] < told[0][1]


def test_the_same_plan_gives_the_same_model(segmenter: Segmenter) -> None:
    plan = Plan(dimensions=4, epochs=2, batch=8, least_count=1)
    first, second = (train(GROUPS, segmenter.features, plan) for _ in range(2))
    assert first.features == second.features
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_the_same_plan_gives_the_same_model_however_many_threads_there_are(segmenter: Segmenter) -> None:
    plan, threads = Plan(dimensions=64, epochs=3, batch=24, least_count=1), torch.get_num_threads()
    made = []
    try:
        for number in (1, 4):
            torch.set_num_threads(number)
            made.append(train(GROUPS, segmenter.features, plan).vectors)
            assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*made)


def test_the_loss_is_least_where_each_text_is_with_its_own_and_far_from_the_others() -> None:
    owners = torch.tensor([0, 0, 1, 1])
    east, north = [1.0, 0.0], [0.0, 1.0]
    apart, mixed, alike = (torch.tensor(rows) for rows in ([east, east, north, north], [east, north] * 2, [east] * 4))
    losses = [float(contrast(rows, owners, 0.1)) for rows in (apart, alike, mixed)]
    assert losses == sorted(losses)
    assert losses[0] == pytest.approx(0.0, abs=1e-3)
    assert losses[1] == pytest.approx(np.log(3))


def test_texts_without_a_fellow_in_the_batch_only_push_away() -> None:
    rows = torch.eye(3, requires_grad=True)
    assert float(contrast(rows, torch.tensor([0, 1, 2]), 0.1).detach()) == 0.0
    with_one_pair = float(contrast(rows, torch.tensor([0, 0, 1]), 0.1).detach())
    assert with_one_pair == pytest.approx(np.log(2))


def test_a_group_of_one_text_does_not_stop_the_training(segmenter: Segmenter) -> None:
    made = train({**GROUPS, "alone": ["保证金"]}, segmenter.features, Plan(dimensions=8, epochs=2, least_count=1))
    assert np.isfinite(made.vectors).all()


def test_features_seen_in_few_texts_are_dropped(segmenter: Segmenter) -> None:
    kept = train(GROUPS, segmenter.features, Plan(dimensions=4, epochs=1, least_count=3)).features
    assert "发票" in kept
    assert "货" not in kept


def test_a_packed_model_is_loaded_like_any_other_and_says_what_it_was_made_of(
    trained: Trained, segmenter: Segmenter, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    pack(trained, folder, {"groups": len(GROUPS)})
    encoder = SentenceEncoder(str(folder), segmenter)
    place = {feature: number for number, feature in enumerate(trained.features)}
    wanted = trained.vectors[[place[f] for f in segmenter.features("怎么退款") if f in place]].sum(axis=0)
    found = encoder.encode(["怎么退款", "☃"])
    np.testing.assert_allclose(found[0], wanted / np.linalg.norm(wanted), atol=1e-3)
    assert not found[1].any()
    assert feature_settings(folder) == {"groups": len(GROUPS)}


def test_a_model_of_others_gets_the_text_as_it_is(trained: Trained, segmenter: Segmenter, tmp_path: Path) -> None:
    pack(trained, tmp_path / "model", {})
    (tmp_path / "model" / "features.json").unlink()
    sentence, word = SentenceEncoder(str(tmp_path / "model"), segmenter).encode(["怎么退款", "退款"])
    assert not sentence.any()
    assert word.any()


def test_a_packed_model_takes_two_bytes_a_weight_and_gives_ordinary_vectors(
    trained: Trained, segmenter: Segmenter, tmp_path: Path
) -> None:
    pack(trained, tmp_path, {})
    weights = (tmp_path / "model.safetensors").stat().st_size
    assert weights < 2.2 * trained.vectors.size + 500
    assert SentenceEncoder(str(tmp_path), segmenter).encode(["怎么退款"]).dtype == np.float32


def test_packing_replaces_the_folder_as_a_whole(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "left-over").write_text("old")
    pack(trained, tmp_path, {})
    assert not (tmp_path / "left-over").exists()
