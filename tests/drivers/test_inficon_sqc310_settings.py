"""The SQC-310 driver's settings and commands against the vectors: what is sent, what is read back, what is refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers import inficon_sqc310 as sqc
from pvdctl.drivers.inficon_sqc310 import InficonSqc310, rounded_density, rounded_z_factor
from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.poll import COMMAND, SAFE
from pvdctl.instrument.roles import ControlledLayer
from pvdctl.links.framing_sycon import pack
from tests.drivers.sqc310_talk import V, perform, step
from tests.links.test_framings import sycon_answer
from tests.wire import Conversation, Desk

FILM = ["material_1_density_set", "material_1_density_get", "material_1_z_set", "material_1_z_get",
        "sensor_1_tooling_set", "sensor_1_tooling_get", "choose_process_1"]  # fmt: skip


def test_a_film_is_written_and_read_back() -> None:
    act = perform("set_film", 1, 7.14, 0.514, {1: 112.0}, steps=[step(name) for name in FILM])
    assert act.name == "monitor.set_film"
    assert act.priority == COMMAND


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_film_that_reads_back_differently_fails(at: int) -> None:
    steps = [step(name) for name in FILM[: at + 1]]
    steps[at] = (steps[at][0], sycon_answer(b"A1,99 " if at == 5 else b"A99"))
    with pytest.raises(InstrumentError, match=r"was acknowledged, but .* reads '.*99'"):
        perform("set_film", 1, 7.14, 0.514, {1: 112.0}, steps=steps)


LAYER = ControlledLayer(
    rate_nm_per_s=0.5,
    final_thickness_nm=360.0,
    p_term=104,
    i_term_s=20.3,
    d_term_s=1.5,
    ramp_1_percent=54.25,
    ramp_1_s=60.0,
    soak_1_s=60.0,
    ramp_2_percent=58.55,
    ramp_2_s=30.0,
    soak_2_s=60.0,
    control_error="stop",
    control_error_percent=30.0,
)
LAYER_STEPS = (
    "film_1_terms_set", "film_1_terms_get", "film_1_conditioning_set", "film_1_conditioning_get", "film_1_control_set",
    "film_1_control_get", "layer_1_set", "layer_1_get", "process_1_layers", "process_1_first_layer",
)  # fmt: skip


def test_a_layer_for_the_units_own_control_is_written_and_read_back() -> None:
    act = perform("set_layer", 1, LAYER, steps=[step(name) for name in LAYER_STEPS])
    assert act.priority == COMMAND


@pytest.mark.parametrize("at", range(1, len(LAYER_STEPS), 2))
def test_a_layer_that_reads_back_differently_fails(at: int) -> None:
    steps = [step(name) for name in LAYER_STEPS[: at + 1]]
    request, answer = steps[at]
    pairs = answer[3:-2].decode("latin-1")
    steps[at] = (request, sycon_answer(b"A" + (pairs[:-2] + "7 " if at < 8 else "4").encode("latin-1")))
    with pytest.raises(InstrumentError, match=r"was acknowledged, but parameter|first layer of process 1 is 4"):
        perform("set_layer", 1, LAYER, steps=steps)


def test_a_process_of_several_layers_is_not_controlled() -> None:
    steps = [step(name) for name in LAYER_STEPS[:9]]
    steps[8] = (steps[8][0], sycon_answer(b"A2"))
    with pytest.raises(InstrumentError, match=r"number of layers of process 1 is 2, wanted 1\. Set process 1 up"):
        perform("set_layer", 1, LAYER, steps=steps)


@pytest.mark.parametrize("garbled", [b"A", b"A1", b"A1,104 2", b"A1,104 2,203 3,15 4,x ", b"A1;104 2,203 3,15 4,1 "])
def test_pairs_that_are_none_are_damage(garbled: bytes) -> None:
    request, _ = step("film_1_terms_get")
    with pytest.raises(BadFrame, match="wants pairs"):
        perform("set_layer", 1, LAYER, steps=[step("film_1_terms_set"), (request, sycon_answer(garbled))])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ramp_2_percent": 100.1}, r"ramp 2 power 100\.1 % cannot be held by the unit, wanted 0 to 100 %"),
        ({"ramp_1_percent": -0.1}, "ramp 1 power"),
        ({"soak_1_s": 10000.0}, "soak 1 time"),
        ({"p_term": 0.0}, "P term"),
        ({"i_term_s": 1000.0}, "I term"),
        ({"d_term_s": 100.0}, "D term"),
        ({"rate_nm_per_s": 100.0}, "rate 100 nm/s"),
        ({"final_thickness_nm": 0.0}, "final thickness"),
        ({"control_error_percent": 0.0}, "control error"),
    ],
)
def test_a_layer_the_unit_cannot_hold_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        perform("set_layer", 1, replace(LAYER, **change), steps=())
    with pytest.raises(OperatorError, match="slot 51"):
        perform("set_layer", 51, LAYER, steps=())


@pytest.mark.parametrize(
    ("act", "args", "vector", "priority"),
    [
        ("hold_soak", (True,), "soak_hold_on", COMMAND),
        ("hold_soak", (False,), "soak_hold_off", COMMAND),
        ("start_process", (), "start_process", COMMAND),
        ("stop_layer", (), "stop_layer", SAFE),
        ("start_layer", (), "start_layer", COMMAND),
        ("set_power", (2, 42.5), "power_2_set", COMMAND),
    ],
)
def test_what_runs_a_layer(act: str, args: tuple[Any, ...], vector: str, priority: int) -> None:
    assert perform(act, *args, steps=[step(vector)]).priority == priority


def test_a_running_process_keeps_its_film() -> None:
    with pytest.raises(sqc.WrongMode, match="asked 'T1'"):
        perform(
            "set_film",
            1,
            7.14,
            0.514,
            {1: 112.0},
            steps=[*[step(n) for n in FILM[:-1]], step("choose_process_running")],
        )


@given(st.floats(0.5, 99.99), st.floats(0.1, 9.999), st.integers(10, 399), st.integers(1, 50))
@settings(max_examples=50)
def test_what_is_written_is_what_rounding_says(density: float, z: float, tooling: int, slot: int) -> None:
    d, zz = str(round(density * 100)).encode(), str(round(z * 1000)).encode()
    n = str(slot).encode()
    ok = sycon_answer(b"A")
    steps = [
        (pack(b"F%b 2,%b" % (n, d)), ok), (pack(b"F%b? 2" % n), sycon_answer(b"A" + d)),
        (pack(b"F%b 3,%b" % (n, zz)), ok), (pack(b"F%b? 3" % n), sycon_answer(b"A" + zz)),
        (pack(b"HA2 1,%d" % tooling), ok), (pack(b"HA2? 1"), sycon_answer(b"A1,%d " % tooling)),
        (pack(b"T%b" % n), ok),
    ]  # fmt: skip
    perform("set_film", slot, density, z, {2: float(tooling)}, steps=steps)
    assert rounded_density(density) == int(d) / 100
    assert rounded_z_factor(z) == int(zz) / 1000


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((0, 7.14, 0.514, {}), "film slot 0 cannot be held by the unit, wanted 1 to 50"),
        ((51, 7.14, 0.514, {}), "film slot 51"),
        ((1, 0.49, 0.514, {}), "density 0.49 g/cm3 cannot be held by the unit, wanted 0.5 to 99.99 g/cm3"),
        ((1, float("nan"), 0.514, {}), "density nan"),
        ((1, 7.14, 10.0, {}), "Z-factor 10 "),
        ((1, 7.14, 0.514, {3: 100.0}), "no sensor 3"),
        ((1, 7.14, 0.514, {1: 400.0}), "tooling of sensor 1 400 %"),
        ((1, 7.14, 0.514, {1: 112.4}), "tooling of sensor 1 112.4 % .*, wanted a multiple of 1 %"),
    ],
)
def test_a_film_the_unit_cannot_hold_is_refused_before_anything_is_sent(args: tuple[Any, ...], says: str) -> None:
    driver = InficonSqc310("monitor", {})
    desk = Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match=says):
        driver.set_film(*args)
    assert not desk.posted


@pytest.mark.parametrize(
    ("method", "args", "message", "priority"),
    [
        ("zero_thickness", (), b"U32", COMMAND), ("zero_time", (), b"U33", COMMAND),
        ("start_process", (), b"U0", COMMAND), ("stop_process", (), b"U1", SAFE),
        ("start_layer", (), b"U2", COMMAND), ("stop_layer", (), b"U3", SAFE), ("next_layer", (), b"U4", COMMAND),
        ("force_final_thickness", (), b"U5", COMMAND), ("set_power", (1, 50.0), b"S1 500", COMMAND),
        ("set_power", (2, 0.0), b"S2 0", SAFE), ("release_power", (), b"S0", COMMAND),
    ],
)  # fmt: skip
def test_commands_say_what_the_manual_says(method: str, args: tuple[Any, ...], message: bytes, priority: int) -> None:
    known = [v for v in V.values() if v.request == pack(message)]
    assert perform(method, *args, steps=[(pack(message), sycon_answer(b"A"))]).priority == priority
    assert known or method in ("start_process", "start_layer", "stop_layer", "next_layer", "force_final_thickness",
                               "set_power")  # fmt: skip


@pytest.mark.parametrize(
    ("args", "says"),
    [((3, 10.0), "no output 3"), ((1, 100.1), "power 100.1 %"), ((1, 0.05), "a multiple of 0.1 %")],
)
def test_power_the_unit_cannot_give_is_refused(args: tuple[int, float], says: str) -> None:
    driver = InficonSqc310("monitor", {})
    Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match=says):
        driver.set_power(*args)
