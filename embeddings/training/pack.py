"""Write a trained table as an ordinary sentence-transformers folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from embeddings.training.contrast import Trained

_UNKNOWN = "[unknown]"


def pack(trained: Trained, folder: Path, notes: Mapping[str, object]) -> None:
    """Replace `folder` by a model whose tokens are our features, separated by spaces; unknown ones count nothing.

    Weights are kept as 16-bit floats: half the size, and cosines differ by less than 0.001.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    vocabulary = {_UNKNOWN: 0, **{feature: number for number, feature in enumerate(trained.features, 1)}}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    nothing = np.zeros((1, trained.vectors.shape[1]), np.float32)
    table = StaticEmbedding(tokenizer, embedding_weights=np.vstack([nothing, trained.vectors]))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    SentenceTransformer(modules=[table, Normalize()], device="cpu").half().save(str(folder), create_model_card=False)
    text = json.dumps(dict(notes), ensure_ascii=False, indent=1)
    (folder / "features.json").write_text(text + "\n", encoding="utf8")
