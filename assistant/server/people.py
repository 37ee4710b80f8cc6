"""Who asks: the person behind a page or the program behind a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from assistant.orders.book import Actor

NOBODY = "页面"
"""Who did something when the page does not say."""


def actor(connection: HTTPConnection, name: str = "") -> Actor:
    """Whoever uses a page. There is no sign-in yet: `name` is what the page says, and everybody may do everything."""
    return Actor(name or NOBODY, "admin", connection.client.host if connection.client else "")
