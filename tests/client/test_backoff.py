"""When to try again: bounded, jittered, reset only by a connection that held."""

from hypothesis import given
from hypothesis import strategies as st

from client.backoff import CAP_S, Backoff

_UNIFORM = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_the_upper_end_doubles_up_to_the_cap() -> None:
    backoff, ends = Backoff(), []
    for _ in range(8):
        ends.append(backoff.delay_s(1.0))
        backoff = backoff.after(0)
    assert ends == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(min_value=0, max_value=100_000), _UNIFORM)
def test_a_delay_is_never_above_the_cap(attempt: int, uniform: float) -> None:
    assert 0 <= Backoff(attempt=attempt).delay_s(uniform) <= CAP_S


def test_only_a_stable_connection_resets() -> None:
    tired = Backoff(attempt=5)
    assert tired.after(29.9).attempt == 6
    assert tired.after(30.0).attempt == 0


def test_the_delay_is_drawn_from_the_whole_range() -> None:
    assert Backoff(attempt=3).delay_s(0.0) == 0
    assert Backoff(attempt=3).delay_s(0.5) == 4
