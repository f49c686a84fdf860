"""What only the command line can get wrong: whom and what its words name."""

from client.errors import RequestError


class UnknownPerson(RequestError):
    """A name or participant id on the command line fits nobody in the channel, or several people."""


class UnknownMessage(RequestError):
    """A number on the command line is not that of a message one can act upon."""


class NotTaken(RequestError):
    """A message of ours did not become part of the conversation: the relay or the other members refuse it."""


class UnusableFile(RequestError):
    """A file named on the command line cannot be read or written as asked."""


class NumbersDiffer(RequestError):
    """Two people compared a safety number and found that it differs."""
