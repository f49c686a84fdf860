"""What can go wrong in the demo besides what can go wrong in the client."""

from client.errors import EnvironmentFailure

__all__ = ["DemoFailed"]


class DemoFailed(EnvironmentFailure):
    """A process of the demo did not do what it should: which one, and at which step."""
