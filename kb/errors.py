"""What can be wrong with a city pack."""


class PackError(Exception):
    """The message is one sentence that says which file or row of a city pack is wrong, and what to do."""
