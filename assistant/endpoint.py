"""How long to wait for more once a speaker pauses: from what was said and what had been asked.

A fixed pause is wrong twice: the agent waits after every 对, and a caller who reads out a telephone number in groups is
cut apart. Seconds of silence (voice activity itself is 0.08 s late):

    COMPLETE     after a closed phrase (a question, a particle that ends sentences, a courtesy), or the answer that
                 was asked for: a yes or no, a surname, a whole telephone number
    USUAL        after anything else
    UNFINISHED   in the middle of digits or of an address, after a word that wants another (因为, 在)
"""

from __future__ import annotations

import re

from assistant.text import without_marks

COMPLETE = 0.25
USUAL = 0.4
UNFINISHED = 0.6

_DIGIT = "0-9零〇一二三四五六七八九十幺两"
_CLOSED = re.compile(
    r"(吗|呢|吧|啊|呀|啦|嘛|哦|喔|了|的话|谢谢|谢谢你|谢谢您|再见|你好|您好|好的|是的|对的|可以|没有|不是|不用|知道|明白|请讲|请说|请问|稍等|"
    r"先生|女士|小姐|怎么办|怎么样|什么|多少|哪里|为什么|帮忙|处理一下|了解一下|反映一下|核实一下|回复|满意|生活愉快|来电|[帮助到]您|[帮助到]你|[贵桂]\w)$"
)
_OPEN = re.compile(
    r"(因为|所以|但是|可是|不过|然后|而且|还有|就是|或者|如果|要是|比如|关于|根据|以及|和|跟|在|从|到|把|被|给|向|对于|是|有|要|想|"
    r"这个|那个|这|那|一个|嗯|呃|地址是|电话是|号码是|叫|我姓|免贵姓)$"
)
_YES_NO = re.compile(
    r"^(嗯|哦|对|对的|对对|是|是的|是啊|没错|好|好的|行|可以|要|需要|不|不用|不要|不是|不需要|没有|没|有|有的|没有了|不对|知道了|谢谢)+$"
)
_ASKED_YES_NO = re.compile(r"(吗|对吧|对不对|是不是|是吧|好不好|可不可以|需不需要|要不要|有没有|行不行)[^\w]*$")
_ASKED_NUMBER = re.compile(r"电话|号码|手机|联系方式|身份证|卡号|单号|尾号")
_ASKED_NAME = re.compile(r"贵姓|怎么称呼|姓什么|您姓|姓名|名字")
_ASKED_PLACE = re.compile(r"地址|哪里|哪儿|什么地方|位置|哪个区|哪条路|哪一栋|几栋|几号|门牌")
_NAME = re.compile(r"姓\w(?:叫\w{2,3})?$|^\w{2,4}$|(先生|女士|小姐)$")
_PLACE_END = re.compile(
    r"(号|室|楼|栋|座|房|户|单元|门口|旁边|附近|对面|楼下|里面|店|公司|小区|花园|大厦|广场|学校|医院|市场|站|村)(里|那里|这里)?$"
)
_PHONE_DIGITS = (8, 11)
"""A telephone number is whole with as many digits: a land line's, a mobile's."""


def patience(text: str, asked: str) -> float:
    """Seconds of silence to wait after `text` (empty: nothing heard yet); `asked`: the other speaker's last words."""
    words = without_marks(text)
    if not words:
        return USUAL
    ended = text[-1] in "。？！"
    digits = _trailing_digits(words)
    if digits >= 3 or (digits and _ASKED_NUMBER.search(asked)):
        said = len(re.findall(f"[{_DIGIT}]", words))
        return COMPLETE if (said in _PHONE_DIGITS and digits == said) or said == _PHONE_DIGITS[1] else UNFINISHED
    if _YES_NO.match(words) and (_ASKED_YES_NO.search(asked) or len(words) <= 4):
        return COMPLETE
    if _ASKED_NAME.search(asked) and _NAME.search(words):
        return COMPLETE
    if ended or _CLOSED.search(words):
        return COMPLETE
    if _OPEN.search(words):
        return UNFINISHED
    if _ASKED_PLACE.search(asked):
        return USUAL if _PLACE_END.search(words) else UNFINISHED
    return USUAL


def _trailing_digits(words: str) -> int:
    found = re.search(f"[{_DIGIT}]+$", words)
    return len(found[0]) if found else 0
