"""What is wrong with a database that may be right again: it is full, locked, or cannot be reached."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

_WORDS = {
    "SQLITE_BUSY": "数据库被其他程序占用",
    "SQLITE_LOCKED": "数据库被其他程序占用",
    "SQLITE_FULL": "磁盘已满",
    "SQLITE_IOERR": "数据库文件读写出错",
    "SQLITE_READONLY": "数据库文件不可写",
    "SQLITE_CANTOPEN": "数据库文件打不开",
}


def trouble(error: BaseException) -> str:
    """What is wrong, in words, if the same may succeed later; empty where it would fail again."""
    if not isinstance(error, DBAPIError):
        return ""
    if isinstance(error.orig, sqlite3.Error):
        name = getattr(error.orig, "sqlite_errorname", "")  # with extensions: SQLITE_IOERR_WRITE
        return next((words for kind, words in _WORDS.items() if name.startswith(kind)), "")
    return "数据库连接不上" if error.connection_invalidated or isinstance(error, OperationalError) else ""
