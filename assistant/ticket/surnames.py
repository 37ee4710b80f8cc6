"""Chinese surnames: which there are, how common, and how callers explain them (耳东陈, 秦岭的秦)."""

from __future__ import annotations

import re
from functools import lru_cache

import jieba

from assistant.ticket.sound import alike, encode, toned

COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖"
    "范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严常武赖洪覃戚莫孔向汤温康施文牛樊葛邢安齐易乔伍庞"
    "颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华"
    "喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戈岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和"
    "仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉"
    "伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戎伏鹿薄邸雍辜羊阿乌母裘"
    "亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戏勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由付肖"
    "丘习竺冯庾凃闫麻"
)
"""Single surnames, commonest first (order of the 2020 census report, 公安部 全国姓名报告, then of wide name lists)."""
DOUBLE = (
    "欧阳",
    "上官",
    "司徒",
    "司马",
    "诸葛",
    "慕容",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "令狐",
    "长孙",
    "夏侯",
    "轩辕",
    "南宫",
    "端木",
    "百里",
    "呼延",
    "东郭",
    "申屠",
)

RANK = {name: place for place, name in reversed(list(enumerate(COMMON)))}
PARTS = {
    "耳东": "陈", "车东": "陈", "弓长": "张", "立早": "章", "木子": "李", "十八子": "李", "双口": "吕", "言午": "许",
    "古月": "胡", "草头": "黄", "田共": "黄", "大肚": "黄", "三横": "王", "三划": "王", "口天": "吴", "走肖": "赵",
    "走小": "赵", "双木": "林", "禾呈": "程", "人可": "何", "单人": "何", "木易": "杨", "双人": "徐", "美女": "姜",
    "女字": "姚", "马加": "冯", "两点": "冯", "关耳": "郑", "四维": "罗", "余则": "余", "干勾": "于", "三点水": "江",
    "草字头": "蒋", "日月": "明", "卯金刀": "刘", "文刀": "刘", "西早": "覃", "山今": "岑",
}  # fmt: skip
"""How surnames are taken apart when spoken; what follows must still sound like the surname."""

_PARTED = re.compile("|".join(sorted((encode(part) for part in PARTS), key=len, reverse=True)))
_BY_SOUND = {encode(part): surname for part, surname in PARTS.items()}


def is_surname(text: str) -> bool:
    """Whether one or two characters are a surname."""
    return text in RANK or text in DOUBLE


def homophones(character: str) -> list[str]:
    """Surnames that sound like a character, likeliest first: same tone before others, common before rare."""
    tone = toned(character)
    return sorted((name for name in RANK if alike(name, character)), key=lambda name: (toned(name) != tone, RANK[name]))


_TOO_COMMON = 700
"""Frequency in jieba's dictionary from which what it tags as a name is an everyday word: 明白, 师傅, 安静."""


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    jieba.setLogLevel(60)
    jieba.initialize()
    return {word: frequency for word, frequency in jieba.dt.FREQ.items() if frequency and 2 <= len(word) <= 4}


@lru_cache(maxsize=1)
def tags() -> dict[str, str]:
    """jieba's part of speech of its words of two to four characters."""
    with jieba.get_dict_file() as file:
        entries = (line.decode("utf-8").split() for line in file)
        return {entry[0]: entry[2] for entry in entries if len(entry) == 3 and 2 <= len(entry[0]) <= 4}


def load_dictionary() -> None:
    """Read jieba's dictionary now (about a second) rather than while somebody speaks."""
    vocabulary()
    tags()


def tag(word: str) -> str:
    """jieba's part-of-speech tag of a word (n, v, nr for names of people); empty for what is no word."""
    return tags().get(word, "")


def frequency(word: str) -> int:
    """How often a word of two to four characters is in the texts that jieba's dictionary was counted in."""
    return vocabulary().get(word, 0)


def is_word(text: str) -> bool:
    """Whether a text is a dictionary word that is not somebody's name."""
    kind = tag(text)
    return bool(kind) and (not kind.startswith("nr") or vocabulary().get(text, 0) >= _TOO_COMMON)


@lru_cache(maxsize=1024)
def _words_with(surname: str) -> list[tuple[str, int]]:
    return [(word, frequency) for word, frequency in vocabulary().items() if surname in word]


def explained(before: str, heard: str) -> tuple[str, bool]:
    """The surname meant by an explanation such as 秦岭的秦: `before` is 秦岭, `heard` what was written for 秦.

    Returns the surname and whether a word for it was found; words that were misheard (勤岭的勤) are found by sound in
    jieba's dictionary.
    """
    if heard in RANK and heard in before and before in vocabulary():
        return heard, True
    sound = encode(before)
    found = [
        (frequency, -RANK[surname], surname)
        for surname in homophones(heard)
        for word, frequency in _words_with(surname)
        if len(word) == len(before) and encode(word) == sound
    ]
    if found:
        return max(found)[2], True
    return heard, heard in RANK and heard in before


def taken_apart(text: str) -> tuple[str, int, int] | None:
    """A surname spoken in parts (耳东陈) with its place in the text; None when there is none."""
    sound = encode(text)
    for match in _PARTED.finditer(sound):
        surname = _BY_SOUND[match.group()]
        if match.end() < len(text) and sound[match.end()] == encode(surname):
            return surname, match.start(), match.end() + 1
    return None
