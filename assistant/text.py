"""Recognised text made fit to be read: simplified characters, no stray spaces, no loops, no broken characters."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK_MARKS = "，。！？；：、“”（）《》…"
_SPACE_AT_HAN = re.compile(rf"(?<=[{_HAN}{_CJK_MARKS}])\s+|\s+(?=[{_HAN}{_CJK_MARKS}])")
_HALF_WIDTH = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", ":": "："})
_MARK_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[,?!;:]|[,?!;:](?=[{_HAN}])|(?<=[{_HAN}])\.(?!\d)|[,?!;]$")
_LOOP = re.compile(r"(.{1,12}?)\1{3,}")
_STOCK_PHRASES = re.compile(
    r"^(请不吝点赞|請不吝點贊|字幕(由|by|志愿者|提供|制作|$)|中文字幕|谢谢观看|感谢观看|优优独播剧场|明镜与点点|作词|作曲|词曲|李宗盛$|by索兰娅)"
)
"""Lines that Whisper learned from subtitles and says for noise (EXPERIMENTS.md); no caller begins a sentence so."""


@cache
def _converter() -> Any:
    import opencc  # noqa: PLC0415  (200 ms to load; the command line's help does not need it)

    return opencc.OpenCC("tw2s")  # tw2s also turns 著 into 着 where it should, t2s does not


def tidy(text: str) -> str:
    """Simplified characters, full-width marks and no spaces beside Chinese; digits and English stay as they are."""
    text = simplified(text.replace("\ufffd", "").strip())
    text = _SPACE_AT_HAN.sub("", text)
    text = _MARK_BETWEEN_HAN.sub(lambda mark: "。" if mark[0] == "." else mark[0].translate(_HALF_WIDTH), text)
    return text.strip()


def simplified(text: str) -> str:
    """Traditional characters turned into simplified ones, one for one."""
    converted: str = _converter().convert(text)
    return converted if len(converted) == len(text) else text


def is_loop(text: str) -> bool:
    """Whether the text repeats one short piece so often that no person said it (spoken digits may repeat)."""
    match = _LOOP.search(text)
    return match is not None and len(match[0]) >= 12 and not re.fullmatch(r"[\d零幺一二三四五六七八九]+", match[1])


def is_stock_phrase(text: str) -> bool:
    """Whether the text is one of the subtitle lines that the model says for noise."""
    return bool(_STOCK_PHRASES.match(text))


def has_words(text: str) -> bool:
    """Whether anything but punctuation is left."""
    return bool(re.search(r"\w", text))


def without_marks(text: str) -> str:
    """Only letters, digits and characters: no punctuation, no spaces."""
    return re.sub(r"[\W_]", "", text)
