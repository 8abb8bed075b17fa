import pytest
from duplex.options import Rate, parse_size


@pytest.mark.parametrize(
    ("text", "count", "seconds"),
    [("50/s", 50, 1), (" 600 / m ", 600, 60), ("1000/h", 1000, 3600)],
)
def test_valid_rates_are_parsed(text: str, count: int, seconds: float) -> None:
    rate = Rate.parse(text)
    assert rate == Rate(count, seconds)
    assert rate.per_second == count / seconds


@pytest.mark.parametrize("text", ["", "50", "0/s", "-1/s", "1.5/s", "50/d", "50/s/s", "x/s"])
def test_invalid_rates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as 50/s"):
        Rate.parse(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("65536", 65536), ("64KiB", 65536), ("1 MiB", 2**20), ("2 mb", 2_000_000)],
)
def test_valid_sizes_are_parsed(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "KiB", "-1", "1.5MiB", "64 K", "1e3"])
def test_invalid_sizes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a size such as 65536"):
        parse_size(text)
