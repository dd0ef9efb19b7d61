"""The domain's own language, shared: loading its dictionary takes half a second."""

from __future__ import annotations

import pytest

from knowledge.question import Language


@pytest.fixture(scope="session")
def language(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return Language(cache_folder=tmp_path_factory.mktemp("dictionary"))
