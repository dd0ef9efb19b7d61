"""A transformer of random weights that reads characters: as any other encoder somebody may name, made in a second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORDS = "怎么退款多久到账结算卡换签名验证失败通知收不发票开分钱今天的没我要了查询果 aorderpidis0123456789:"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def small_bert(folder: Path, seed: int = 0, tokens: int = 64) -> Path:
    """Save a sentence-transformers folder: 2 layers, 32 dimensions, at most so many tokens, mean pooling."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    raw = folder.with_name(f"{folder.name}-raw")
    vocabulary = {token: number for number, token in enumerate((*_SPECIAL, *dict.fromkeys(WORDS)))}
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=tokens,
    )
    BertModel(config).save_pretrained(raw)
    PreTrainedTokenizerFast(
        tokenizer_object=_reader(vocabulary), pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(raw)
    body = Transformer(str(raw))
    SentenceTransformer(modules=[body, Pooling(32)], device="cpu").save(str(folder), create_model_card=False)
    return folder


def called(folder: Path, name: str) -> Path:
    """Let the model say that it is, or was made from, the model of that name."""
    config = folder / "config.json"
    kept = json.loads(config.read_text(encoding="utf8"))
    config.write_text(json.dumps({**kept, "_name_or_path": name}), encoding="utf8")
    return folder


def _reader(vocabulary: dict[str, int]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from tokenizers.processors import TemplateProcessing

    reader = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    reader.pre_tokenizer = Split(Regex("."), "isolated")
    reader.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    return reader
