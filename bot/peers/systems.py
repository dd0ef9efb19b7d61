"""The systems: each builds what it needs from the texts, keeps it in a folder, and ranks by what it reads back.

A ranking is ids with scores, best first, of entries and uncovered matters alike. Scores are each system's own; those of
BM25 are sums over the words of a question and were never meant to say how sure one may be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.peers.material import CACHE, Texts, Words, clean

RANKED = 24
"""Entries and matters that a ranking holds; uncovered matters leave enough entries to judge the first three."""
_STORE = "haystack.document_stores.in_memory"
_RETRIEVER = "haystack.components.retrievers.in_memory"
_DOCUMENTS = 20 * RANKED
Scored = list[tuple[str, float]]
Floats = NDArray[np.float64]


class System(Protocol):
    """Something that ranks; made anew for building and for asking."""

    def __init__(self, folder: Path) -> None: ...

    def build(self, texts: Texts) -> None:
        """Make and keep what ranking needs."""
        ...

    def load(self) -> None:
        """Read back what was kept."""
        ...

    def rank(self, question: str) -> Scored:
        """The whole way from text to ids."""
        ...


class Owners:
    """Scores of texts into scores of their owners: the best text of each counts."""

    def __init__(self, owners: Sequence[str]) -> None:
        self.ids = list(dict.fromkeys(owners))
        self._starts = np.array([owners.index(id_) for id_ in self.ids], np.int64)

    def best(self, scores: Any) -> Scored:
        """The best ids of (texts,) scores."""
        return best_of(self.ids, np.maximum.reduceat(np.asarray(scores, np.float64), self._starts))


def best_of(ids: Sequence[str], scores: Floats) -> Scored:
    """The `RANKED` best ids, best first."""
    order = np.argsort(-scores, kind="stable")[:RANKED]
    return [(ids[place], float(scores[place])) for place in order.tolist()]


class Bm25:
    """Jieba's words and bm25s, Robertson's variant with the usual constants: of its variants the best here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words = Words(folder / CACHE)

    def build(self, texts: Texts) -> None:
        import bm25s
        import joblib

        vocabulary: dict[str, int] = {}
        rows = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in self._words.cut(text)] for text in texts.texts
        ]
        index = bm25s.BM25(method="robertson")
        index.index((rows, vocabulary), create_empty_token=False, show_progress=False)
        joblib.dump((index, vocabulary, texts.owners), self._folder / "bm25.joblib")

    def load(self) -> None:
        import joblib

        self._index, self._vocabulary, owners = joblib.load(self._folder / "bm25.joblib")
        self._owners = Owners(owners)
        self._none = np.zeros(len(owners))

    def rank(self, question: str) -> Scored:
        known = [word for word in self._words.cut(clean(question)) if word in self._vocabulary]
        return self._owners.best(self._index.get_scores(known) if known else self._none)


class Tfidf:
    """The nearest text by the cosine of TF-IDF weights over characters, their pairs and words: better here than with
    triples."""

    longest = 2

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words = Words(folder / CACHE)

    def build(self, texts: Texts) -> None:
        import joblib

        vectorizer, matrix = _weighed(self._words, self.longest, texts)
        joblib.dump((vectorizer.vocabulary_, vectorizer.idf_, matrix, texts.owners), self._folder / "tfidf.joblib")

    def load(self) -> None:
        import joblib

        vocabulary, idf, matrix, owners = joblib.load(self._folder / "tfidf.joblib")
        self._vectorizer = _vectorizer(self._words, self.longest, vocabulary)
        self._vectorizer.idf_ = idf
        self._by_feature = matrix.T.tocsr()
        self._owners = Owners(owners)

    def rank(self, question: str) -> Scored:
        return self._owners.best((self._vectorizer.transform([clean(question)]) @ self._by_feature).toarray()[0])


class Svc:
    """A linear support-vector machine an id over TF-IDF weights of characters, their pairs and triples, and words."""

    longest = 3

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words = Words(folder / CACHE)

    def build(self, texts: Texts) -> None:
        import joblib
        from sklearn.svm import LinearSVC

        vectorizer, matrix = _weighed(self._words, self.longest, texts)
        judge = LinearSVC(random_state=0).fit(matrix, texts.owners)
        by_feature = np.ascontiguousarray(judge.coef_.T)  # a question picks rows; else each would copy all
        kept = (vectorizer.vocabulary_, vectorizer.idf_, list(judge.classes_), by_feature, judge.intercept_)
        joblib.dump(kept, self._folder / "svc.joblib")

    def load(self) -> None:
        import joblib

        vocabulary, idf, ids, self._by_feature, self._bias = joblib.load(self._folder / "svc.joblib")
        self._vectorizer = _vectorizer(self._words, self.longest, vocabulary)
        self._vectorizer.idf_ = idf
        self._ids = [str(id_) for id_ in ids]
        if len(self._ids) == 2:  # scikit-learn keeps one judge for two
            self._by_feature = np.hstack([-self._by_feature, self._by_feature])
            self._bias = np.append(-self._bias, self._bias)

    def rank(self, question: str) -> Scored:
        scores = self._vectorizer.transform([clean(question)]) @ self._by_feature
        return best_of(self._ids, np.asarray(scores)[0] + self._bias)


def _vectorizer(words: Words, longest: int, vocabulary: dict[str, int] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=lambda text: words.features(text, longest), sublinear_tf=True, vocabulary=vocabulary
    )


def _weighed(words: Words, longest: int, texts: Texts) -> tuple[Any, Any]:
    vectorizer = _vectorizer(words, longest)
    return vectorizer, vectorizer.fit_transform(texts.texts)


class Haystack:
    """Haystack's pipeline of one InMemoryBM25Retriever over documents of Jieba's words, a document a text."""

    def __init__(self, folder: Path) -> None:
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # it would report to its makers
        self._file = str(folder / "haystack.json")
        self._words = Words(folder / CACHE)

    def build(self, texts: Texts) -> None:
        document = _haystack("haystack").Document
        store = _haystack(_STORE).InMemoryDocumentStore(
            bm25_tokenization_regex=r"\S+",  # our words; its own would be single characters
        )
        store.write_documents(
            [
                document(id=str(number), content=" ".join(self._words.cut(text)), meta={"owner": owner})
                for number, (owner, text) in enumerate(zip(texts.owners, texts.texts, strict=True))
            ]
        )
        store.save_to_disk(self._file)

    def load(self) -> None:
        store = _haystack(_STORE).InMemoryDocumentStore.load_from_disk(self._file)
        retriever = _haystack(_RETRIEVER).InMemoryBM25Retriever(store, top_k=_DOCUMENTS)
        self._pipeline = _haystack("haystack").Pipeline()
        self._pipeline.add_component("retriever", retriever)

    def rank(self, question: str) -> Scored:
        query = " ".join(self._words.cut(clean(question)))
        if not query:
            return []  # it would raise
        asked, found = {"query": query}, dict[str, float]()
        for document in self._pipeline.run({"retriever": asked})["retriever"]["documents"]:
            found.setdefault(document.meta["owner"], document.score)
        return list(found.items())[:RANKED]


def _haystack(module: str) -> Any:
    """Not everybody's: it is installed for this comparison alone."""
    return import_module(module)


PEERS: dict[str, type[System]] = {"bm25": Bm25, "tfidf": Tfidf, "svc": Svc, "haystack": Haystack}
"""Those that run in our own Python."""
