from hypothesis import given
from hypothesis import strategies as st

from server.limits import Buckets, Rate, TokenBucket


def test_a_bucket_gives_its_burst_and_then_says_when() -> None:
    bucket = TokenBucket(Rate(10, 3), 0.0)
    assert [bucket.take(1, 0.0) for _ in range(4)] == [0, 0, 0, 100]
    assert bucket.take(1, 0.1) == 0
    assert bucket.take(3, 0.2) == 200


def test_more_than_the_burst_waits_for_a_full_bucket_not_for_ever() -> None:
    bucket = TokenBucket(Rate(1, 2), 0.0)
    assert bucket.take(50, 0.0) == 0
    assert bucket.take(50, 0.0) == 2000
    assert bucket.take(50, 2.0) == 0


@given(
    st.floats(0.1, 1000),
    st.floats(1, 100),
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1)), max_size=50),
)
def test_never_more_than_burst_plus_rate(rate: float, burst: float, asks: list[tuple[float, float]]) -> None:
    bucket, now, taken = TokenBucket(Rate(rate, burst), 0.0), 0.0, 0.0
    for amount, pause in asks:
        now += pause
        if bucket.take(amount, now) == 0:
            taken += min(amount, burst)
        assert taken <= burst + rate * now + 1e-6


@given(st.floats(0.1, 1000), st.floats(1, 100), st.floats(0.01, 100))
def test_after_the_wait_it_is_given(rate: float, burst: float, amount: float) -> None:
    bucket = TokenBucket(Rate(rate, burst), 0.0)
    bucket.take(burst, 0.0)
    assert bucket.take(amount, bucket.take(amount, 0.0) / 1000) == 0


def test_each_key_has_its_own_bucket() -> None:
    buckets = Buckets(Rate(1, 1))
    assert buckets.take(b"a", 1, 0.0) == 0
    assert buckets.take(b"a", 1, 0.0) == 1000
    assert buckets.take(b"b", 1, 0.0) == 0
