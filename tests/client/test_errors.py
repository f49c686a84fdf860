"""Each error is one clear line, and knows whose fault it is."""

import inspect
from pathlib import Path

import pytest

from client import errors
from client.errors import ClientError, EnvironmentFailure, RequestError, TrustError

CLASSES = [
    found for _, found in inspect.getmembers(errors, inspect.isclass) if found.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_has_its_place_and_says_what_it_is(error: type[Exception]) -> None:
    assert issubclass(error, ClientError)
    assert error.__doc__
    faults = (RequestError, EnvironmentFailure, TrustError)
    assert error is ClientError or sum(issubclass(error, fault) for fault in faults) == 1


@pytest.mark.parametrize(
    "error",
    [
        errors.NoProfile(Path("/p")),
        errors.ProfileExists(Path("/p")),
        errors.WrongPassphrase(),
        errors.ProfileInUse(),
        errors.ProfileTooNew(),
        errors.DiskFull(),
        errors.StoreFailed(),
        errors.ChannelStopped("size 7 has two roots"),
    ],
)
def test_fixed_texts_are_one_line_without_a_full_stop(error: ClientError) -> None:
    line = str(error)
    assert "\n" not in line
    assert not line.endswith(".")
    assert line[0].islower()


def test_an_alarm_is_kept_with_its_error() -> None:
    assert errors.ChannelStopped("size 7 has two roots").alarm == "size 7 has two roots"
