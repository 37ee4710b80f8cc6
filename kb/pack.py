"""The city pack: a folder of CSV files that makes the product a city's own."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kb.errors import PackError

DEFAULT_PACK: Path = Path(__file__).parent / "guangzhou"
"""The demo pack: Guangzhou's real regions and roads, invented merchants, compounds and people."""


@dataclass(frozen=True, slots=True)
class Department:
    """An office that takes on work orders; `district` is empty for those of the whole city."""

    code: str
    name: str
    short_names: tuple[str, ...]
    kind: str
    district: str
    phone: str
    duties: str


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the two-level tree of matters; top nodes have no parent.

    `department` is a department's code, or "district" for the desk of the district in which it happened.
    """

    code: str
    parent: str
    name: str
    request_types: tuple[str, ...]
    department: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merchant:
    """A shop or company, or one branch of it; branches share short names."""

    id: str
    name: str
    short_names: tuple[str, ...]
    kind: str
    district: str
    road: str
    number: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Compound:
    """A residential compound (小区); `address` ends with its name, building and room are appended to it."""

    id: str
    name: str
    short_names: tuple[str, ...]
    district: str
    street: str
    community: str
    road: str
    address: str


@dataclass(frozen=True, slots=True)
class Region:
    """A community (社区, 村) with the street (街道, 镇) and the district it lies in."""

    district: str
    street: str
    community: str


@dataclass(frozen=True, slots=True)
class Road:
    """A road with every district it runs through, or in which another road has the same name."""

    name: str
    districts: tuple[str, ...]


@dataclass(frozen=True)
class CityPack:
    """Everything of a city that calls refer to; the articles stay on disk and are loaded by the search."""

    directory: Path
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    merchants: tuple[Merchant, ...]
    compounds: tuple[Compound, ...]
    regions: tuple[Region, ...]
    roads: tuple[Road, ...]

    @classmethod
    def load(cls, directory: Path) -> CityPack:
        """Read the CSV files of `directory` (UTF-8, with or without byte order mark).

        Raises PackError when the folder, a file or a column is missing, or a file is not UTF-8.
        """
        if not directory.is_dir():
            raise PackError(
                f"city pack folder {directory} does not exist: give the path of a folder with merchants.csv"
            )
        roads: dict[str, list[str]] = {}
        for name, district in rows(directory / "roads.csv", "name", "district"):
            districts = roads.setdefault(name, [])
            if district not in districts:
                districts.append(district)
        return cls(
            directory=directory,
            departments=tuple(
                Department(code, name, _split(short), kind, district, phone, duties)
                for code, name, short, kind, district, phone, duties in rows(
                    directory / "departments.csv", "code", "name", "short_names", "kind", "district", "phone", "duties"
                )
            ),
            categories=tuple(
                Category(code, parent, name, _split(types), department, _split(examples))
                for code, parent, name, types, department, examples in rows(
                    directory / "categories.csv", "code", "parent", "name", "request_types", "department", "examples"
                )
            ),
            merchants=tuple(
                Merchant(id_, name, _split(short), kind, district, road, number, address, phone)
                for id_, name, short, kind, district, road, number, address, phone in rows(
                    directory / "merchants.csv",
                    *("id", "name", "short_names", "kind", "district", "road", "number", "address", "phone"),
                )
            ),
            compounds=tuple(
                Compound(id_, name, _split(short), district, street, community, road, address)
                for id_, name, short, district, street, community, road, address in rows(
                    directory / "compounds.csv",
                    *("id", "name", "short_names", "district", "street", "community", "road", "address"),
                )
            ),
            regions=tuple(Region(*row) for row in rows(directory / "regions.csv", "district", "street", "community")),
            roads=tuple(Road(name, tuple(districts)) for name, districts in roads.items()),
        )

    @property
    def articles_path(self) -> Path:
        """The knowledge articles, one JSON object a line."""
        return self.directory / "articles.jsonl"

    @cached_property
    def city(self) -> str:
        """What most addresses say before their district ("广州市"); empty when none says anything there."""
        placed: list[Compound | Merchant] = [*self.compounds, *self.merchants]
        cities = Counter(each.address.partition(each.district)[0] for each in placed if each.district in each.address)
        return cities.most_common(1)[0][0] if cities else ""

    @cached_property
    def leaves(self) -> tuple[Category, ...]:
        """The categories that a ticket can have."""
        return tuple(category for category in self.categories if category.parent)

    @cached_property
    def districts(self) -> tuple[str, ...]:
        """Every district once, in the order of regions.csv."""
        return tuple(dict.fromkeys(region.district for region in self.regions))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


def rows(path: Path, *columns: str) -> Iterator[tuple[str, ...]]:
    """The named columns of each row of a CSV file, stripped of blanks around them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            for column in columns:
                if column not in header:
                    raise PackError(f"{path} row 1 has no column {column}: its header must name {','.join(columns)}")
            indexes = [header.index(column) for column in columns]
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise PackError(
                        f"{path} row {reader.line_num} has {len(row)} columns instead of {len(header)}: "
                        "quote cells that contain commas"
                    )
                yield tuple(row[index].strip() for index in indexes)
    except FileNotFoundError as error:
        raise PackError(f"city pack file {path} is missing: add it, with the header {','.join(columns)}") from error
    except UnicodeDecodeError as error:
        raise PackError(f"{path} row {_row_of_bad_byte(path)} is not UTF-8: save the file as UTF-8") from error
    except csv.Error as error:
        raise PackError(f"{path} row {reader.line_num} is not valid CSV ({error}): correct its quotes") from error


def _row_of_bad_byte(path: Path) -> int:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return number
    return 0
