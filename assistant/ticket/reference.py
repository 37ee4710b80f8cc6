"""Everything the ticket needs to know of a city, built once and shared by all calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.ticket.classify import CategoryClassifier, load_classifier
from assistant.ticket.department import DepartmentNames
from assistant.ticket.dictionary import load_dictionary
from assistant.ticket.placeindex import PlaceIndex
from kb.embedding import SentenceEncoder
from kb.pack import CityPack


@dataclass(frozen=True)
class Reference:
    """The city pack with the indexes and classifiers made from it. Nothing in it changes, so threads may share it."""

    pack: CityPack
    places: PlaceIndex
    encoder: SentenceEncoder
    categories: CategoryClassifier
    departments: DepartmentNames
    category_names: dict[str, str]
    """Code of a category -> "top · leaf", as shown to people."""

    @classmethod
    def load(cls, pack_dir: Path, cache_dir: Path, progress: Callable[[str, float], None] | None = None) -> Reference:
        """Read the pack in `pack_dir`; what takes long to build is kept in `cache_dir` under a hash of the pack.

        `progress` is told what is being done and which share (0..1) of that is done. Raises PackError for a bad pack.
        """
        tell = progress or (lambda _step, _share: None)
        tell("读取城市数据", 0.0)
        pack = CityPack.load(pack_dir)
        tell("读取城市数据", 1.0)
        encoder = SentenceEncoder()
        categories = load_classifier(pack, cache_dir, encoder, tell)
        tell("建立地名索引", 0.0)
        places = PlaceIndex(pack)
        tell("建立地名索引", 1.0)
        load_dictionary(cache_dir)
        names = {category.code: category.name for category in pack.categories}
        return cls(
            pack=pack,
            places=places,
            encoder=encoder,
            categories=categories,
            departments=DepartmentNames(pack),
            category_names={c.code: f"{names.get(c.parent, '')} · {c.name}".strip(" ·") for c in pack.leaves},
        )
