"""What only the command line can get wrong: what its words name, and files."""

from client.errors import RequestError


class UnknownMessage(RequestError):
    """A number on the command line is not that of a message that can be acted upon."""


class NotTaken(RequestError):
    """A message of ours did not become part of the conversation: the relay or the members refuse it."""


class UnusableFile(RequestError):
    """A file named on the command line cannot be read or written as asked."""


class NoSuchEntry(RequestError):
    """An export has no entry of the position that was asked for."""


class NumbersDiffer(RequestError):
    """Two people compared a safety number and found that it differs."""
