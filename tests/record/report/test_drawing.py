"""Traces are thinned without losing a peak, and every figure is sound SVG."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.record.report import drawing
from pvdctl.record.report.drawing import power_of_ten, thin


@given(
    st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), min_size=1, max_size=600),
    st.integers(min_value=1, max_value=20),
)
def test_thinning_keeps_every_extreme_and_invents_nothing(values: list[float], columns: int) -> None:
    at, found = np.arange(float(len(values))) * 0.1, np.array(values)
    kept_at, kept = thin(at, found, columns)
    assert len(kept) <= max(len(values), 2 * columns) if len(values) > 4 * columns else len(kept) == len(values)
    assert (np.diff(kept_at) >= 0.0).all()
    places = np.round(kept_at / 0.1).astype(int)
    assert np.array_equal(kept, found[places], equal_nan=True)
    if np.isfinite(found).any():
        assert np.nanmax(kept) == np.nanmax(found)
        assert np.nanmin(kept) == np.nanmin(found)


def test_a_gap_stays_a_gap() -> None:
    values = np.ones(10_000)
    values[4000:6000] = np.nan
    at, kept = thin(np.arange(10_000.0), values, 100)
    assert np.isnan(kept[(at > 4100) & (at < 5900)]).all()
    assert np.isfinite(kept[(at < 3900) | (at > 6100)]).all()


@pytest.mark.parametrize(("value", "text"), [(1e-6, "10⁻⁶"), (1.0, "10⁰"), (1000.0, "10³"), (1e12, "10¹²"), (0.0, "")])
def test_powers_of_ten_are_written_so(value: float, text: str) -> None:
    assert power_of_ten(value) == text


def test_a_figure_is_xml_with_ids_of_its_own_and_text_that_is_text() -> None:
    with drawing.style():
        shown = drawing.figure(3.0, 2.0)
        axes = shown.add_subplot()
        axes.plot([0.0, 1.0], [0.0, 1.0])
        drawing.label(axes, "rate", "nm/s")
        text = drawing.svg(shown, "one", 'the <rate> & "more"')
        again = drawing.svg(shown, "one", 'the <rate> & "more"')
    root = ElementTree.fromstring(text)
    assert root.attrib["aria-label"] == 'the <rate> & "more"'
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert ids
    assert all(name.startswith("one-") for name in ids)
    assert "rate" in "".join(root.itertext())
    assert "DejaVu" not in text
    assert text == again
