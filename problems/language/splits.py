"""Corpora and their splits, which are stratified and depend only on the texts themselves."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, final

from ...errors import ParameterError
from .texts.corpus import Corpus, Source
from .texts.mails import MAILS
from .texts.orange import FRIENDS, NEWSGROUPS, REUTERS, TWEETS
from .texts.reviews import REVIEWS
from .texts.wordnet import GLOSSES

TextSplit = Literal["upstream", "experts", "calibration", "validation", "test"]
"""`upstream` is for the language model, `experts` for fine-tuning and fitting heads."""

_CHARACTERS: Final = 40
"""Characters at the start of a text that identify it."""


@final
@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Number of texts in each split of a corpus; the rest is upstream."""

    experts: int
    calibration: int
    validation: int
    test: int

    def facts(self) -> dict[str, int]:
        """Return the sizes in a form that JSON can hold."""
        return asdict(self)


SOURCES: Final[Mapping[str, Source]] = {
    source.name: source
    for source in (NEWSGROUPS, REUTERS, TWEETS, FRIENDS, REVIEWS, GLOSSES, MAILS)
}

SIZES: Final[Mapping[str, Sizes]] = {
    "newsgroups": Sizes(experts=7500, calibration=1000, validation=1000, test=2500),
    "reuters": Sizes(experts=3500, calibration=500, validation=700, test=2000),
    "tweets": Sizes(experts=3000, calibration=500, validation=700, test=1500),
    "friends": Sizes(experts=8000, calibration=1000, validation=1000, test=3000),
    "reviews": Sizes(experts=8000, calibration=1000, validation=1000, test=3000),
    "glosses": Sizes(experts=8000, calibration=1000, validation=1000, test=3000),
    "mails": Sizes(experts=2600, calibration=400, validation=500, test=1200),
}
"""Sources whose texts are used only upstream, for the language model: Friends and emails."""


def rows_of_splits(corpus: Corpus, sizes: Sizes) -> dict[TextSplit, list[int]]:
    """Return the rows of the corpus in each split; splits are disjoint.

    Empty texts are left out. Of texts with the same first 40 characters, ignoring case, only the
    first is kept: replies to one message start with the same words, and a backbone that reads
    24 tokens would see nearly the same text in two splits. Every prefix is nearly stratified.

    Raises:
        ParameterError: If the corpus has too few texts.
    """
    kept = _distinct(corpus.texts)
    answers = list(zip(*corpus.answers.values(), strict=True))
    order = _in_proportion([corpus.texts[i] for i in kept], [answers[i] for i in kept])
    wanted = sizes.test + sizes.validation + sizes.calibration + sizes.experts
    if len(kept) < wanted:
        raise ParameterError(
            f"`sizes` must not add up to more than the texts of the corpus. Found {wanted} for "
            f"{len(kept)} texts. Install the corpus again."
        )
    rows = iter(kept[i] for i in order)
    found: dict[TextSplit, list[int]] = {
        "test": [next(rows) for _ in range(sizes.test)],
        "validation": [next(rows) for _ in range(sizes.validation)],
        "calibration": [next(rows) for _ in range(sizes.calibration)],
        "experts": [next(rows) for _ in range(sizes.experts)],
    }
    return found | {"upstream": list(rows)}


def _distinct(texts: Sequence[str]) -> list[int]:
    first: dict[str, int] = {}
    for row, text in enumerate(texts):
        first.setdefault(" ".join(text.lower().split())[:_CHARACTERS], row)
    first.pop("", None)
    return list(first.values())


def _in_proportion(texts: Sequence[str], answers: Sequence[tuple[str, ...]]) -> list[int]:
    """Order all rows by their relative rank within their class, which interleaves the classes."""
    # Ranks follow the digest of the text, so that splits do not depend on the order of the file.
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    sizes, seen = Counter(answers), Counter[tuple[str, ...]]()
    places: list[tuple[float, bytes, int]] = []
    for row in sorted(range(len(texts)), key=digests.__getitem__):
        answer = answers[row]
        places.append(((seen[answer] + 0.5) / sizes[answer], digests[row], row))
        seen[answer] += 1
    return [row for _, _, row in sorted(places)]
