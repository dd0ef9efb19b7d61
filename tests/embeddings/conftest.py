"""The domain's own language over a cached dictionary, shared: loading the dictionary takes half a second."""

from __future__ import annotations

import pytest

from embeddings.segment import Segmenter
from knowledge.question import Language


@pytest.fixture(scope="session")
def language(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return Language(cache_folder=tmp_path_factory.mktemp("dictionary"))


@pytest.fixture(scope="session")
def segmenter(language: Language) -> Segmenter:
    return language.segmenter
