"""What can be wrong with sound."""


class AudioError(Exception):
    """The message is one sentence that says what is wrong with a file, a device or a media stream, and what to do."""
