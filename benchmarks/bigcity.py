"""A city pack grown to a province: invented names beside the real ones, to see what size costs.

The names are made of the pack's own characters and endings, so that they sound as much like what is said as others do.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import SeatError
from benchmarks.common import console
from kb.pack import DEFAULT_PACK, CityPack

ENDING = 3
"""Characters at the end of a name that say what it is: 西饼店, 社区."""
BRANCH, PER_BRAND = "({road}店)", 4
"""Branches of an invented brand."""


def bigcity(
    out: Annotated[Path, typer.Option(help="New folder for the pack.")],
    merchants: Annotated[int, typer.Option(help="Merchants in it.")] = 100_000,
    communities: Annotated[int, typer.Option(help="Communities and villages in it (Guangdong has 26,000).")] = 26_000,
    roads: Annotated[int, typer.Option(help="Roads in it.")] = 10_000,
    pack: Annotated[Path, typer.Option(help="City pack to begin with.")] = DEFAULT_PACK,
    seed: Annotated[int, typer.Option(help="Of the invented names.")] = 0,
) -> None:
    """Write a city pack of a province's size, for `tickets --pack`."""
    city = CityPack.load(pack)
    if out.exists():
        raise SeatError(f"{out} exists; name a new folder.")
    shutil.copytree(pack, out)
    grow(city, out, merchants, communities, roads, random.Random(seed))
    console.print(f"{out}: {merchants:,} merchants, {communities:,} communities, {roads:,} roads")


def grow(city: CityPack, directory: Path, merchants: int, communities: int, roads: int, chance: random.Random) -> None:
    """Append invented rows to the CSV files of `directory` until there are so many."""
    streets = sorted({(region.district, region.street) for region in city.regions})
    more_roads = [
        (name, chance.choice(streets)[0])
        for name in _invented([road.name for road in city.roads], roads - len(city.roads), chance)
    ]
    _append(directory / "roads.csv", more_roads)
    villages = _invented([region.community for region in city.regions], communities - len(city.regions), chance)
    _append(directory / "regions.csv", [(*chance.choice(streets), name) for name in villages])
    missing = merchants - len(city.merchants)
    brands = _invented([merchant.name.split("(")[0] for merchant in city.merchants], -(-missing // PER_BRAND), chance)
    places = [*more_roads, *((road.name, road.districts[0]) for road in city.roads)]
    rows = []
    for number in range(missing):
        brand, (road, district) = brands[number // PER_BRAND], chance.choice(places)
        house = chance.randrange(1, 999)
        rows.append(
            (
                f"big{number}", brand + BRANCH.format(road=road), f"{brand}|{brand[:-1]}", "", district, road, house,
                f"{city.city}{district}{road}{house}号", "",
            )
        )  # fmt: skip
    _append(directory / "merchants.csv", rows)


def _invented(names: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """Names that nothing has, each the beginning of one name and the end of another, joined by a third's characters."""
    known, made = set(names), list[str]()
    followers: dict[str, list[str]] = {}
    for name in names:
        for one, other in pairwise(name):
            followers.setdefault(one, []).append(other)
    while len(made) < count:
        first, middle, last = (chance.choice(names) for _ in range(3))
        own = first[0] + chance.choice(followers.get(first[0], [first[-1]])) + chance.choice(middle)
        name = own[: chance.choice((2, 3))] + last[-min(ENDING, len(last) - 1) :]
        if name not in known:
            known.add(name)
            made.append(name)
    return made


def _append(file: Path, rows: Sequence[Sequence[object]]) -> None:
    with file.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
