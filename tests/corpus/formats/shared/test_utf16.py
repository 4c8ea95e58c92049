"""UTF-16 offsets, compared with Python's codec."""

from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.formats.shared import utf16


@given(st.text())
def test_offsets_match_the_codec_and_convert_back(text: str) -> None:
    units = utf16.unit_offsets(text)
    assert units == [
        len(text[:n].encode("utf-16-le", "surrogatepass")) // 2 for n in range(len(text) + 1)
    ]
    assert utf16.length(text) == units[-1]
    points = utf16.code_point_offsets(text)
    assert [points[unit] for unit in units] == list(range(len(text) + 1))
    assert points.count(utf16.NO_CODE_POINT) == len(points) - len(units)
