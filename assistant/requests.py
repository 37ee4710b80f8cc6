"""What the agent's page sends back over its websocket; each is answered with an ack once it is on disk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.errors import CallError
from assistant.ticket.fields import Value


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str = Field(min_length=1, max_length=64)
    """The page's own number of the message; a repeated message does nothing."""
    call: str = Field(min_length=1, max_length=128)


class TicketEdit(_Request):
    """The agent typed a value; null clears the field."""

    type: Literal["ticket.edit"]
    field: str
    value: Value


class TicketAccept(_Request):
    """The agent accepted the value that stands in a field."""

    type: Literal["ticket.accept"]
    field: str


class TicketUndo(_Request):
    """The agent takes back what she did last to a field; where that was all, the machine has it again."""

    type: Literal["ticket.undo"]
    field: str


class TicketJoin(_Request):
    """The order that this ticket will become joins another about the same matter (并入主单)."""

    type: Literal["ticket.join"]
    master: str = Field(max_length=64)
    """Number of that order; empty: it stays on its own after all."""


class TicketSubmit(_Request):
    """The agent submitted the ticket: it does not change any more."""

    type: Literal["ticket.submit"]
    direct: bool = False
    """The agent answered the caller herself (直接答复): nothing is dispatched."""


class ArticleFeedback(_Request):
    """The agent found an article useful or wrong."""

    type: Literal["article.feedback"]
    article: str = Field(min_length=1, max_length=128)
    useful: bool


class ArticleUse(_Request):
    """The agent opened an article, copied its answer or put it into the ticket."""

    type: Literal["article.use"]
    article: str = Field(min_length=1, max_length=128)
    how: Literal["opened", "copied", "inserted"]


class TranscriptFlag(_Request):
    """Somebody marks an utterance to come back to, or takes the mark away."""

    type: Literal["transcript.flag"]
    utterance: int
    flagged: bool


AnyRequest = (
    TicketEdit | TicketAccept | TicketUndo | TicketJoin | TicketSubmit | ArticleFeedback | ArticleUse | TranscriptFlag
)
_request: TypeAdapter[AnyRequest] = TypeAdapter(Annotated[AnyRequest, Field(discriminator="type")])


def parse(text: str) -> AnyRequest:
    """A message from a page. Raises CallError when it is none of the above."""
    try:
        return _request.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise CallError(f"消息无法识别：{where}: {first['msg']}") from error
