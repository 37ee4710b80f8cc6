"""Errors that end in one clear line for the person who can do something about it."""


class SeatError(Exception):
    """Something that the user can put right; the message is one sentence that says how."""


class ModelError(SeatError):
    """The recognition model is missing, damaged or of another kind than expected."""


class CallError(SeatError):
    """A call cannot be started, found or changed as asked."""


class FullError(SeatError):
    """This machine carries no more calls for the moment."""


class SummaryError(SeatError):
    """The summariser gave nothing that can be put on a ticket."""


class TicketError(SeatError):
    """A ticket field does not exist or cannot take the value given."""
