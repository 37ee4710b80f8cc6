"""A city pack whose articles are a hundred thousand: other places' and other matters' beside its own, to search among.

What they are made of is in distractors.json: matters that no article of the demo pack answers, the places and offices
that they are asked of, and for each aspect of a matter (条件, 材料, 费用 …) the sentences an article is put together
from. In a sentence {a|b} is one of both and {t} a slot that `Wording` fills.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.errors import SeatError
from benchmarks.common import bar, console
from kb.articles import Article, read_articles
from kb.pack import DEFAULT_PACK, CityPack

MATERIAL = Path(__file__).with_suffix(".json")
SEED = 1
TITLE, ANSWER = (8, 25), (80, 220)
"""Shortest and longest title and answer, in characters."""
TOO_NEAR = 0.5
"""Share of the bigrams of title and question in common (Jaccard) from which an article might answer for a true one."""
EXPIRED = 0.04
"""Share of articles that a later one succeeds."""
PROVINCE, NATION = "广东省", "全国"
HERE_ONLY = ("跨市通办", "办理地点")
"""Aspects that only a city has."""
SLOT = re.compile(r"\{([^{}]+)\}")
ROADS = (
    "人民路", "建设路", "解放路", "中山路", "新华路", "文明路", "府前路", "朝阳路", "迎宾大道", "东风路", "环城西路",
    "滨江路", "育才路", "康乐路", "兴业路", "振兴大道", "学府路", "红旗路", "胜利路", "和平路", "友谊路", "湖滨路",
)  # fmt: skip
HALLS = ("政务服务中心", "行政服务中心", "市民服务中心", "便民服务中心", "政务大厅")
APPS = ("广东政务服务网", "粤省事小程序", "国家政务服务平台", "{o}公众号", "{o}网站", "粤商通APP", "“i{city}”APP")
FIGURES: dict[str, Sequence[object]] = {
    "n": (2, 3, 3, 5, 5, 7, 7, 8, 10, 12), "w": (5, 7, 10, 10, 13, 15, 15, 20, 20, 22), "W": (30, 30, 45, 60, 60, 90),
    "yr": (2, 2, 3, 3, 4, 5), "num": (6, 6, 8, 9, 10, 12, 12, 18), "num2": (6, 12, 24, 24, 48, 72),
    "pnum": range(60, 3000, 20), "pct": range(5, 90, 5),
    "s": range(50, 480, 10), "s2": range(5, 45), "S": range(500, 4900, 50), "B": range(5000, 50000, 500),
    "y": range(2021, 2026), "y2": (2026, 2026, 2027), "mon": range(1, 7), "mon2": range(7, 13),
    "mon_day": ("5日", "10日", "15日", "20日", "25日", "28日"), "hour": (8, 9, 10, 20, 22),
    "clock": ("早上8点", "上午9点", "中午12点", "晚上8点", "零点"), "floor": range(1, 7), "letter": "ABCDEFGHK",
    "win": [*(f"{number}号窗口" for number in range(1, 60)), *(f"综合窗口{number}号" for number in range(1, 30))],
    "hr": (
        "工作日9:00—12:00、13:00—17:00", "周一至周五8:30至17:30", "工作日上午9点到下午5点半",
        "周一至周五9:00—17:00（中午不休）", "工作日8:30—12:00、14:30—17:30", "周一至周六9:00至16:30",
    ),
}  # fmt: skip
"""Days (n, w, W: few, working days, many), sums in yuan from small to large, and what else a slot may hold."""
ONE_PER_ANSWER = ("tel", "tel2", "ad", "win", "hr", "y", "y2")
ORDER = ("docs", "term", "online", "fee", "days", "place", "agent", "post", "priv", "warn", "law", "phone")
"""In which an article tells what else is to be known."""
NOT_A_NOUN = re.compile("[一二三四五六七八九十百]|以上|提前|有效|免|收费|满|可|不|须")
PAPERS = {
    "个人": (
        "身份证", "户口簿", "居住证", "近期一寸白底照片", "学历证书", "社保缴费记录", "本人银行卡", "承诺书", "委托书",
        "婚姻状况证明", "无犯罪记录证明", "体检报告", "原证件", "单位证明", "监护人身份证",
    ),
    "企业": (
        "营业执照副本", "法定代表人身份证", "授权委托书", "公司章程", "场地租赁合同", "人员花名册", "平面布置图",
        "承诺书", "上年度财务报表", "管理制度文本", "社保参保名单", "设备清单", "质量负责人任命书", "第三方检测报告",
    ),
}  # fmt: skip
POST_VERBS = ("申请", "办理", "备案", "申报", "领取", "预约", "缴纳")
WRAPPED = (
    "{c}", "{c}", "{c}", "{p}那边{c}", "我在{p}，{c}", "{c}，{p}这边怎么说", "请问{c}", "{p}的，{c}",
    "帮朋友问，{c}", "{c}，找谁", "听人说{c}，是不是真的",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where an article holds: a city or one of its counties, the province, the nation."""

    full: str
    """深圳市福田区."""
    short: str
    """福田区."""
    city: str
    """深圳; empty for province and nation."""

    @classmethod
    def of(cls, name: str) -> Place:
        """From a name as distractors.json has it."""
        city, _, county = name.partition("市")
        if "自治县" in county:
            return cls(name, county[:2] + "县", city)
        return cls(name, city + county if county == "城区" else county or name, city)


def distractors(
    out: Annotated[Path, typer.Option(help="New folder for the pack.")],
    articles: Annotated[int, typer.Option(help="Articles in it, the pack's own among them.")] = 100_000,
    pack: Annotated[Path, typer.Option(help="City pack to begin with.")] = DEFAULT_PACK,
) -> None:
    """Write a city pack with a great many articles, for `knowledge --pack`."""
    city = CityPack.load(pack)
    own = read_articles(city.articles_path)
    if out.exists():
        raise SeatError(f"{out} exists; name a new folder.")
    if articles < len(own):
        raise SeatError(f"{pack} alone has {len(own)} articles; ask for more than that.")
    shutil.copytree(pack, out, copy_function=shutil.copyfile)  # a pack may be read-only, its copy is written to
    file = out / city.articles_path.name
    with bar() as progress, file.open("a", encoding="utf-8") as stream:
        if not file.read_bytes().endswith(b"\n"):
            stream.write("\n")
        made = generated(city, own, articles - len(own))
        for article in progress.track(made, total=articles - len(own), description=f"{articles:,} articles"):
            stream.write(json.dumps(asdict(article), ensure_ascii=False, default=date.isoformat) + "\n")
    console.print(f"{out}: {articles:,} articles, {len(own)} of them the pack's own")


def generated(city: CityPack, own: Sequence[Article], count: int) -> Iterator[Article]:
    """So many articles, always the same, none with another's title or close to one of `own`.

    Raises SeatError when what there is to say is used up before.
    """
    material = json.loads(MATERIAL.read_text(encoding="utf-8"))
    chance = random.Random(SEED)
    departments = {each.code for each in city.departments}
    leaves = {each.code for each in city.leaves}
    near = Nearness(own)
    places = [*map(Place.of, material["places"]), Place(PROVINCE, PROVINCE, ""), Place(NATION, NATION, "")]
    subjects = [
        (matter, aspect)
        for matter in material["matters"]
        if matter["department"] in departments and matter["category"] in leaves
        for aspect in material["aspects"]
        if _belongs(matter, aspect)
    ]
    combinations = list(product(range(len(subjects)), range(len(places))))
    chance.shuffle(combinations)
    titles = {article.title for article in own}
    number = 0
    for subject, where in combinations:
        (matter, aspect), place = subjects[subject], places[where]
        if not place.city and aspect["name"] in HERE_ONLY:
            continue
        wording = Wording(material, matter, aspect, place, chance)
        article = wording.article()
        if article is None or article.title in titles or near(article):
            continue
        for version in _versions(article, wording, chance):
            if number == count:
                return
            if version.title not in titles:
                titles.add(version.title)
                number += 1
                yield replace(version, id=f"kbx-{number:06}")
    if number < count:
        raise SeatError(f"only {number} articles can be generated; ask for fewer.")


def _belongs(matter: dict[str, Any], aspect: dict[str, Any]) -> bool:
    """Whether one asks this of such a matter: an examination has no yearly inspection."""
    if matter["kind"] not in aspect["kinds"]:
        return False
    if aspect["names"]:
        return re.search(aspect["names"], matter["matter"]) is not None
    asked = aspect["verbs"] or aspect["who"]
    return not asked or matter["who"] in aspect["who"] or not {*aspect["verbs"]}.isdisjoint(matter["verb"])


def _versions(article: Article, wording: Wording, chance: random.Random) -> Iterator[Article]:
    """The article; before it sometimes the one that it succeeded, with other figures."""
    if chance.random() < EXPIRED and len(article.title) + len("（2022年版）") <= TITLE[1]:
        ended = date(2025, chance.randrange(1, 11), 1) - timedelta(days=1)
        began = date(ended.year - chance.randrange(1, 4), chance.randrange(1, 10), 1)
        suffix = chance.choice((f"（{began.year}年版）", f"（{began.year}年版）", f"（{began.year}年度）"))
        before = wording.answer(began)
        yield replace(article, title=article.title + suffix, answer=before, valid_from=began, valid_to=ended)
        since = ended + timedelta(days=1)
        article = replace(article, answer=wording.answer(since), valid_from=since, valid_to=None)
    yield article


class Nearness:
    """Whether an article is too close to one of those given."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._titles = "\n".join(article.title for article in articles)
        self._any_title = re.compile("|".join(map(re.escape, (article.title for article in articles))) or "(?!)")
        self._with: dict[str, list[int]] = {}
        self._sizes: list[int] = []
        for number, article in enumerate(articles):
            pairs = _bigrams(article)
            self._sizes.append(len(pairs))
            for pair in pairs:
                self._with.setdefault(pair, []).append(number)

    def __call__(self, article: Article) -> bool:
        if article.title in self._titles or self._any_title.search(article.title):
            return True
        pairs, shared = _bigrams(article), Counter[int]()
        for pair in pairs:
            shared.update(self._with.get(pair, ()))
        return any(both >= TOO_NEAR * (len(pairs) + self._sizes[other] - both) for other, both in shared.items())


def _bigrams(article: Article) -> set[str]:
    return {text[at : at + 2] for text in (article.title, article.question) for at in range(len(text) - 1)}


class Wording:
    """One matter's aspect in one place put into words."""

    def __init__(
        self,
        material: dict[str, Any],
        matter: dict[str, Any],
        aspect: dict[str, Any],
        place: Place,
        chance: random.Random,
    ) -> None:
        self._matter, self._aspect, self._place, self._chance = matter, aspect, place, chance
        family = matter["kind"] if matter["kind"] in ("exam", "case") else "apply"
        self._more = material["more"][aspect["more"] or family]
        self._who = matter["who"]
        if self._who == "不限" and matter["kind"] != "case" and chance.random() < 0.5:
            self._who = chance.choice(("个人", "企业"))
        self._terms: list[str] = []
        self._used: list[str] = []
        self._papers: list[str] = []
        self._said: dict[str, str] = {}
        """What an answer does not say twice in different ways: its address, its telephone."""
        name = matter["matter"]
        plain = re.sub("（.*?）", "", name)
        verb = next((each for each in POST_VERBS if each in matter["verb"]), "办理")
        area = material["areas"].get(place.city, "020" if place.full == PROVINCE else "010")
        self._fixed = {
            "m": name,
            "q": re.sub("(经营|生产|执业|使用)?许可证$", "证", plain),
            "v": "办理" if verb in name else verb,
            "mv": name if verb in name else name + verb,
            "p": place.short,
            "P": place.full,
            "city": place.city,
            "c": {"个人": "本人", "企业": "单位", "不限": "申请人"}[self._who],
            "o": _office(material["offices"][matter["department"]], matter["department"], place),
            "area": area,
        }
        self._phone_digits = 8 if area in ("010", "020", "0755", "0757", "0754", "0769", "0760") else 7
        """As long as the city's numbers are."""

    def article(self) -> Article | None:
        """Without its id; None where no title fits."""
        chance = self._chance
        self._used = []
        title = self._title()
        if not title:
            return None
        colloquial = self._matter["colloquial"]
        similar = [
            chance.choice(WRAPPED).replace("{c}", said).replace("{p}", self._place.short)
            for said in chance.sample(colloquial, min(chance.choice((0, 1, 1, 2)), len(colloquial)))
        ]
        similar += [self._filled(each) for each in chance.sample(self._aspect["similar"], chance.choice((2, 2, 3)))]
        chance.shuffle(similar)
        began = date(chance.choice((2023, 2024, 2024, 2025)), chance.choice((1, 1, 3, 5, 7)), 1)
        answer = self.answer(began)
        name = self._aspect["name"]
        keywords = [self._fixed["q"], name.removeprefix("常见"), self._place.short, *dict.fromkeys(self._used)]
        return Article(
            id="",
            title=title,
            question=self._filled(chance.choice(self._aspect["questions"])),
            similar_questions=tuple(similar[:4]),
            answer=answer,
            department=self._matter["department"],
            category=self._matter["category"],
            caller_kind=self._who,
            valid_from=began,
            valid_to=date(2027, 12, 31) if chance.random() < 0.05 else None,
            keywords=tuple(keywords[: chance.randrange(4, 6)]),
            source="规模测试生成，非真实政策",
        )

    def _title(self) -> str:
        patterns = list(self._aspect["titles"])
        self._chance.shuffle(patterns)
        caller = self._who if self._matter["who"] == "不限" and self._who != "不限" else ""
        for pattern in patterns:
            title = self._filled(pattern)
            for at in (title + f"（{caller}）" if caller and "（" not in title else "", title):
                if TITLE[0] <= len(at) <= TITLE[1]:
                    return at
        return ""

    def answer(self, began: date) -> str:
        """For that day and later: a sentence on what is asked, then other things as far as there is room."""
        chance = self._chance
        self._used, self._papers, self._terms = [], [], []
        self._said = {"y": str(began.year - chance.randrange(3)), "y2": str(began.year + chance.choice((1, 1, 2)))}
        first = self._filled(chance.choice(self._aspect["answers"]))
        room, wanted = ANSWER[1] - len(first), chance.randrange(ANSWER[0] + 10, ANSWER[1] - 30) - len(first)
        tags = [tag for tag in self._more if tag != self._aspect["without"]]
        chance.shuffle(tags)
        others: dict[str, str] = {}
        for tag in tags:
            length = sum(map(len, others.values()))
            if length >= wanted:
                break
            sentence = self._filled(chance.choice(self._more[tag]))
            if length + len(sentence) <= room:
                others[tag] = sentence
        return first + "".join(others[tag] for tag in sorted(others, key=ORDER.index))

    def _filled(self, template: str) -> str:
        text = SLOT.sub(self._slot, template.replace("{m}{v}", "{mv}"))
        return text if self._place.city else text.replace(f"{self._place.short}12345", "当地12345")

    def _slot(self, found: re.Match[str]) -> str:
        slot = found[1]
        if "|" in slot:
            return SLOT.sub(self._slot, self._chance.choice(slot.split("|")))
        if slot in self._fixed:
            return self._fixed[slot]
        if slot in ONE_PER_ANSWER:
            if slot not in self._said:
                self._said[slot] = self._new(slot)
            return self._said[slot]
        return self._new(slot)

    def _new(self, slot: str) -> str:
        if slot in FIGURES:
            return str(self._chance.choice(FIGURES[slot]))
        make = {"t": self._term, "d": self._paper, "app": self._app, "ad": self._address, "tel": self._telephone}
        return make[slot.rstrip("2")]()

    def _paper(self) -> str:
        if not self._papers:
            self._papers = list(PAPERS["企业" if self._who == "企业" else "个人"])
            self._chance.shuffle(self._papers)
        return self._papers.pop()

    def _app(self) -> str:
        of_city = APPS if self._place.city else [each for each in APPS if "{city}" not in each]
        chosen = self._chance.choice(of_city)
        return self._filled("粤省事小程序" if self._who == "个人" and "粤商通" in chosen else chosen)

    def _telephone(self) -> str:
        first, others = self._chance.randrange(2, 9), self._phone_digits - 1
        return f"{self._fixed['area']}-{first}{self._chance.randrange(10**others):0{others}}"

    def _term(self) -> str:
        if not self._terms:
            self._terms = list(self._matter["terms"])
            self._chance.shuffle(self._terms)
        term = self._terms.pop()
        self._used.append(term)
        return f"“{term}”一项" if NOT_A_NOUN.search(term) else term

    def _address(self) -> str:
        if not self._place.city:
            return self._chance.choice(("居住地政务服务中心", "注册地政务服务大厅", "所在县（市、区）政务服务中心"))
        number = self._chance.randrange(1, 399)
        return f"{self._place.short}{self._chance.choice(ROADS)}{number}号{self._chance.choice(HALLS)}"


def _office(names: Sequence[str], department: str, place: Place) -> str:
    """Whom one turns to there: the county's office, the city's, the province's, the ministry."""
    local, province, nation = names
    if not place.city:
        return province if place.full == PROVINCE else nation
    if department in ("haiguan", "haishi", "jrjg", "jichang", "gongdian"):
        return place.city + local
    if place.full == place.city + "市":
        return place.full + local.replace("大队", "支队").replace("分局", "局")
    if department == "sthj":
        return f"{place.city}市生态环境局{place.short.removesuffix('区').removesuffix('县').removesuffix('市')}分局"
    return place.short + local
