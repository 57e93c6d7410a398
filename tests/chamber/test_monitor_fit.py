"""What the rate monitor cannot hold is refused with the chamber file, by the limits of its driver."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.chamber.load import LoadedChamber, load_chamber, parse_chamber, with_control
from pvdctl.chamber.monitor_fit import MonitorFit
from pvdctl.chamber.problems import BadFile
from pvdctl.cli.chambers import chamber_from, monitor_limits
from pvdctl.cli.shipped import driver_names
from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.errors import OperatorError
from pvdctl.instrument.driver import find
from pvdctl.instrument.monitor_limits import Range
from pvdctl.recipe.check import check
from pvdctl.recipe.load import parse_recipe
from tests.recipe.files import CHAMBER, RECIPE
from tests.wire import Conversation, Desk

TEXT = CHAMBER.read_text()
SHIPPED = load_chamber(CHAMBER)


def loaded(old: str, new: str, driver: str = "inficon_sqc310") -> LoadedChamber:
    assert TEXT.count(old) == 1, old
    text = TEXT.replace(old, new).replace("driver: inficon_sqc310", f"driver: {driver}")
    return parse_chamber(text.encode(), "c.yaml", driver_names(), monitor_limits)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "{1: 92 %, 2: 95 %}",
            "{1: 92 %, 2: 95.4 %}",
            "films.Zn.tooling[2]: wanted a multiple of 1 %, which inficon_sqc310 can hold, found 95.4 %; write 95 %",
        ),
        (
            "{1: 92 %, 2: 95 %}",
            "{1: 9 %, 2: 95 %}",
            "films.Zn.tooling[1]: wanted 10 to 399 %, which inficon_sqc310 can hold, found 9 %",
        ),
        (
            "density: 7.14 g/cm3",
            "density: 150 kg/m3",
            "films.Zn.density: wanted 0.5 to 99.99 g/cm3, which inficon_sqc310 can hold, found 0.15 g/cm3",
        ),
        (
            "z_factor: 5.9 ",
            "z_factor: 10 ",
            "films.Li.z_factor: wanted 0.1 to 9.999, which inficon_sqc310 can hold, found 10",
        ),
        (
            "monitor_slot: 2",
            "monitor_slot: 51",
            "films.Li.monitor_slot: wanted 1 to 50, which inficon_sqc310 can hold, found 51",
        ),
    ],
)
def test_a_film_the_monitor_cannot_hold_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        loaded(old, new)
    (line,) = str(caught.value).splitlines()
    number = TEXT[: TEXT.index(old)].count("\n") + 1
    assert line.startswith(f"c.yaml:{number}:")
    assert line.endswith(f": at {said}")


def test_another_monitor_has_other_limits() -> None:
    assert loaded("monitor_slot: 2", "monitor_slot: 51", "inficon_sqm160").limits == monitor_limits("inficon_sqm160")
    with pytest.raises(BadFile, match=r"wanted 1 to 99, which inficon_sqm160 can hold, found 100"):
        loaded("monitor_slot: 2", "monitor_slot: 100", "inficon_sqm160")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("p_term: 103.0 ", "p_term: 0.5 ", "monitor_control.p_term: wanted 1 to 9999, which"),
        ("i_term: 16.6 s", "i_term: 17 min", "monitor_control.i_term: wanted 0 to 999.9 s, which"),
        ("control_error_beyond: 80 %  # gross failures only: pvdctl itself holds by the recipe's tolerance\n  Li",
         "control_error_beyond: 0.5 %\n  Li", "control_error_beyond: wanted 1 to 99 %, which"),
    ],
)  # fmt: skip
def test_terms_are_judged_only_where_the_monitor_is_to_use_them(old: str, new: str, said: str) -> None:
    by_host = loaded(old, new)
    with pytest.raises(BadFile, match=said):
        with_control(by_host, "sqc310")
    with pytest.raises(BadFile, match=said):
        parse_chamber(b"control: sqc310\n" + by_host.text.encode(), "c.yaml", None, monitor_limits)


def test_an_output_the_monitor_tells_nothing_about() -> None:
    old = TEXT[TEXT.index("    program:") : TEXT.index("  lithium:")]
    by_host = loaded(old, old.replace("output: 1", "output: 3"))
    with pytest.raises(BadFile, match=r"program\.output: wanted 1 or 2, the outputs of inficon_sqc310, found 3"):
        with_control(by_host, "sqc310")


def test_a_rate_the_monitor_cannot_be_told_is_an_error_of_the_recipe() -> None:
    recipe = parse_recipe(RECIPE.replace("0.5 nm/s", "0.0005 nm/s").encode(), "r.yaml")
    chamber = chamber_from(CHAMBER)
    said = [finding.line("r.yaml") for finding in check(recipe, with_control(chamber, "sqc310"))]
    assert any("wanted 0.001 to 99.99 nm/s, which inficon_sqc310 can hold, found 0.0005 nm/s" in line for line in said)
    assert not any("can hold" in finding.line("r.yaml") for finding in check(recipe, chamber))


def test_without_a_driver_to_ask_nothing_is_judged() -> None:
    assert load_chamber(CHAMBER).limits is None
    assert monitor_limits("pfeiffer_tc400") is None
    with pytest.raises(BadFile, match=r"driver: wanted the name of a driver, found 'inficon_sqc301'"):
        loaded("sensors: [1, 2]", "sensors: [1, 2] ", "inficon_sqc301")


def test_every_rate_monitor_states_its_limits() -> None:
    for name in driver_names():
        assert (monitor_limits(name) is not None) == hasattr(find(name), "set_film"), name


@given(
    density=st.floats(0.4, 101.0), z_factor=st.floats(0.05, 11.0), percent=st.sampled_from([9.0, 10.0, 55.5, 399.0]),
    slot=st.integers(1, 52),
)  # fmt: skip
def test_the_file_is_refused_exactly_where_the_driver_refuses(
    density: float, z_factor: float, percent: float, slot: int
) -> None:
    driver = InficonSqc310("monitor", {})
    Desk(driver, Conversation([]))
    made = {"density_g_per_cm3": density, "z_factor": z_factor, "tooling_percent": {1: percent}, "monitor_slot": slot}
    film = SHIPPED.model.films["Zn"].model_copy(update=made)
    chamber = SHIPPED.model.model_copy(update={"films": {"Zn": film}})
    if MonitorFit(chamber, SHIPPED.document, driver.LIMITS).check():
        with pytest.raises(OperatorError, match="cannot be held by the unit"):
            driver.set_film(slot, density, z_factor, {1: percent})
    else:
        driver.set_film(slot, density, z_factor, {1: percent})


@given(st.integers(-50, 1050), st.sampled_from([0.1, 1.0, 0.25]))
def test_multiples_of_the_step_are_held_and_what_lies_between_is_not(count: int, step: float) -> None:
    held = Range(0.0, 100.0, "%", step)
    value = count * step
    assert (held.wanted(value) == "") == (0.0 <= value <= 100.0)
    if 0.0 <= value < 100.0:
        assert held.wanted(value + 0.4 * step) == f"a multiple of {step:g} %"
        assert held.nearest(value + 0.4 * step) == pytest.approx(value)
    assert held.wanted(float("nan")) == "0 to 100 %"
