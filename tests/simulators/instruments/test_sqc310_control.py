"""The simulated SQC-310 as controller: its loop, its reactions to what goes wrong, its outputs and their cables."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.bench import Bench, Fitted
from simulators.cables import Cable
from simulators.instruments.inficon_sqc310 import SimulatedSqc310
from simulators.instruments.sqc310.loop import Limits, Loop
from simulators.instruments.sqc310.sensors import ZMatch
from tests.agreement.meeting import PlainWorld
from tests.simulators.instruments.fakes import FakeWorld
from tests.simulators.instruments.test_simulated_sqc310 import say

PERIOD_S = 0.25
START_HZ = 5.95e6
_BARE = ZMatch(1.0, 1.0, 100.0)
HZ_PER_ANGSTROM = 1e-3 / (_BARE.load_ka(START_HZ - 1.0) - _BARE.load_ka(START_HZ))
"""As delivered: density 1.00, Z-factor 1.000, toolings 100 %."""
RAMP_2 = 400
DEPOSIT, TIMED_POWER, IDLE, STOP_LAYER, SHUTTER_DELAY, HALTED = 13, 16, 22, 25, 12, 35


class Rig:
    """A unit at a source whose rate, Å/s, follows the power, %, at once; time goes in measuring periods."""

    def __init__(self, monitor: Callable[[FakeWorld], SimulatedSqc310] = SimulatedSqc310) -> None:
        self.world = FakeWorld()
        self.monitor = monitor(self.world)
        self.monitor.connect(1, self._hear)
        self.volts = 0.0
        self.heard: list[float] = []
        self.now_s = 0.0
        self.angstrom_per_s: Callable[[float], float] = lambda percent: percent / 10.0
        self.alive = True
        self.hz = START_HZ
        say(self.monitor, f"A3 1 4,{RAMP_2}")

    def _hear(self, volts: float, now_s: float) -> None:
        self.volts = volts
        self.heard.append(volts)

    @property
    def percent(self) -> float:
        return 10.0 * self.volts

    def ask(self, message: str) -> str:
        return say(self.monitor, message, self.now_s)

    @property
    def phase(self) -> int:
        return int(self.ask("V?")[1:].split()[0])

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / PERIOD_S)):
            self.now_s += PERIOD_S
            self.hz -= self.angstrom_per_s(self.percent) * HZ_PER_ANGSTROM * PERIOD_S
            self.world.hz = {1: self.hz if self.alive else 0.0, 2: 5.99e6}
            self.monitor.tick(self.now_s)

    def deposit(self, *settings: str) -> "Rig":
        """Started, with 5 Å/s wanted where soak 2 gives 4, and 10 s under way."""
        for message in ("D1 1,500 2,900000", "A2 1 1,400 2,20", *settings):
            assert self.ask(message) == "A", message
        assert self.ask("U0") == "A"
        self.run(10.0)
        return self


# --- the loop -----------------------------------------------------------------------------------------------------
def test_power_is_brought_to_the_rate_and_kept_there() -> None:
    rig = Rig().deposit()
    rig.run(30.0)
    assert rig.phase == DEPOSIT
    assert rig.percent == pytest.approx(50.0, abs=0.21)
    rig.angstrom_per_s = lambda percent: percent / 12.0
    rig.run(40.0)
    assert rig.percent == pytest.approx(60.0, abs=0.21)
    assert float(rig.ask("Q1")[1:]) == pytest.approx(0.0, abs=1.0)


def test_power_moves_in_steps_of_the_display() -> None:
    rig = Rig().deposit()
    assert all(round(volts * 100.0) == pytest.approx(volts * 100.0, abs=1e-9) for volts in rig.heard)
    fine = Rig(lambda world: SimulatedSqc310(world, power_step=0.0)).deposit()
    assert any(abs(round(volts * 100.0) - volts * 100.0) > 0.01 for volts in fine.heard)


def test_most_power_and_slew_are_the_front_panels() -> None:
    rig = Rig(lambda world: SimulatedSqc310(world, limits={1: (45.0, 0.4)})).deposit()
    rig.run(20.0)
    assert rig.percent == 45.0
    climb = [b - a for a, b in zip(rig.heard, rig.heard[1:], strict=False) if a >= 0.1 * RAMP_2 / 10.0]
    assert 0.0 < max(climb) <= 0.01 + 1e-9, "0.4 %/s is 0.1 % a period, 0.01 V"


def test_nothing_winds_up_at_the_limit() -> None:
    rig = Rig(lambda world: SimulatedSqc310(world, limits={1: (45.0, 100.0)})).deposit()
    rig.run(60.0)
    rig.angstrom_per_s = lambda percent: percent / 8.0
    rig.run(3.0)
    assert rig.percent < 44.0


@given(st.floats(0.0, 9999.0), st.floats(0.0, 999.0), st.floats(0.0, 99.0), st.floats(0.0, 100.0), st.data())
def test_the_loop_never_leaves_its_limits(p: float, i_s: float, d_s: float, power: float, data: st.DataObject) -> None:
    most, slew = data.draw(st.floats(power, 100.0)), data.draw(st.floats(0.01, 100.0))
    loop = Loop()
    loop.start(p, i_s, d_s, Limits(most, slew), power)
    for rate in data.draw(st.lists(st.floats(-100.0, 1000.0), max_size=20)):
        before, power = power, loop.step(5.0, rate, PERIOD_S)
        assert 0.0 <= power <= most
        assert abs(power - before) <= slew * PERIOD_S + 1e-9


def test_terms_of_the_loop() -> None:
    def first_two(p: float, i_s: float, d_s: float) -> list[float]:
        loop = Loop()
        loop.start(p, i_s, d_s, Limits(), 50.0)
        return [loop.step(5.0, 4.0, 0.5), loop.step(5.0, 4.5, 0.5)]

    assert first_two(100.0, 0.0, 0.0) == pytest.approx([51.0, 50.5]), "P = 1 % per Å/s, on the error"
    assert first_two(100.0, 10.0, 0.0) == pytest.approx([51.05, 50.575]), "and the error's time over I"
    assert first_two(100.0, 0.0, 2.0) == pytest.approx([51.0, 48.5]), "and D against a rate that climbs by 1 Å/s/s"


# --- what ends or changes a layer ------------------------------------------------------------------------------------
def test_final_thickness_ends_the_layer() -> None:
    rig = Rig().deposit("D1 2,100", "A3 1 8,5")
    rig.run(15.0)
    assert rig.phase == IDLE
    rig.run(10.0)
    assert rig.phase == 0
    assert rig.percent == 0.0


@pytest.mark.parametrize(("reaction", "phase"), [(0, DEPOSIT), (1, STOP_LAYER), (2, TIMED_POWER)])
def test_control_error(reaction: int, phase: int) -> None:
    rig = Rig(lambda world: SimulatedSqc310(world, limits={1: (60.0, 100.0)})).deposit(f"A4 1 3,{reaction} 4,30")
    rig.run(30.0)
    good = rig.percent
    rig.angstrom_per_s = lambda percent: percent / 40.0
    rig.run(9.0)
    assert rig.phase == DEPOSIT, "10 s are borne"
    rig.run(6.0)
    assert rig.phase == phase
    wanted = {DEPOSIT: 60.0, STOP_LAYER: 0.0, TIMED_POWER: good}
    assert rig.percent == pytest.approx(wanted[phase], abs=3.0)


def test_crystal_fail_halts_the_process() -> None:
    rig = Rig().deposit()
    rig.alive = False
    rig.run(1.0)
    assert rig.phase == DEPOSIT, "four readings are borne"
    rig.run(0.5)
    assert rig.phase == HALTED
    assert rig.percent == 0.0
    rig.run(60.0)
    assert rig.phase == HALTED


def test_crystal_fail_with_timed_power_ends_by_time() -> None:
    rig = Rig().deposit("A5 1 1,1", "D1 2,300")
    rig.run(20.0)
    counted_ka = float(rig.ask("N1")[1:])
    rig.alive = False
    rig.run(1.5)
    assert rig.phase == TIMED_POWER
    assert rig.percent == pytest.approx(50.0, abs=1.0)
    left_s = (0.300 - counted_ka) * 1000.0 / 5.0
    rig.run(left_s - 3.0)
    assert rig.phase == TIMED_POWER
    rig.run(5.0)
    assert rig.phase in (0, IDLE)


def test_capture_begins_deposit_and_its_absence_stops_the_layer() -> None:
    good = Rig().deposit("A4 1 1,60 2,5")
    assert good.phase in (SHUTTER_DELAY, DEPOSIT)
    good.run(20.0)
    assert good.phase == DEPOSIT
    assert good.percent == pytest.approx(50.0, abs=1.0)
    poor = Rig()
    poor.angstrom_per_s = lambda percent: 0.5
    poor.deposit("A4 1 1,60 2,5")
    poor.run(49.0)
    assert poor.phase == SHUTTER_DELAY
    poor.run(2.0)
    assert poor.phase == STOP_LAYER
    assert poor.percent == 0.0


def test_control_delay_of_the_later_firmware() -> None:
    rig = Rig(lambda world: SimulatedSqc310(world, control_delay_s=4.0))
    rig.ask("D1 1,500")
    rig.ask("U0")
    rig.run(2.0)
    assert rig.phase == 46
    assert rig.percent == 40.0
    rig.run(3.0)
    assert rig.phase == DEPOSIT


def test_in_manual_the_loop_rests_and_takes_over_at_that_power() -> None:
    rig = Rig().deposit()
    rig.run(20.0)
    rig.ask("S1 300")
    rig.run(10.0)
    assert rig.percent == 30.0
    rig.ask("S0")
    rig.run(0.25)
    assert 30.0 < rig.percent < 42.0, "the error of 2 Å/s at once, and no more"
    rig.run(30.0)
    assert rig.percent == pytest.approx(50.0, abs=0.3)


def test_stop_restart_and_power_failure_take_the_power_away() -> None:
    for stop in ("U1", "U3"):
        rig = Rig().deposit()
        before = rig.percent
        rig.ask(stop)
        assert (before > 40.0, rig.percent) == (True, 0.0)
    rig = Rig().deposit()
    rig.monitor.restart(rig.now_s)
    assert rig.percent == 0.0


# --- rear panel -----------------------------------------------------------------------------------------------------
def test_source_shutter_relay_follows_deposit_where_it_has_the_shutter() -> None:
    rig = Rig(lambda world: SimulatedSqc310(world, source_shutter="substrate_shutter")).deposit("A4 1 1,5")
    moved = [(name, on) for name, on, _ in rig.world.drives]
    assert moved == [("substrate_shutter", True)]
    rig.ask("U3")
    assert [(name, on) for name, on, _ in rig.world.drives] == [*moved, ("substrate_shutter", False)]
    alone = Rig().deposit()
    assert alone.world.drives == []


def test_voltage_scale_and_output_numbers() -> None:
    rig = Rig().deposit("HB1 1,5000")
    assert rig.volts == pytest.approx(0.05 * float(rig.ask("S? 1")[1:]), abs=0.006)
    with pytest.raises(ValueError, match="outputs 1 to 2"):
        rig.monitor.connect(3, lambda volts, now_s: None)


def bench(cables: list[Cable], **supply: object) -> tuple[Bench, PlainWorld]:
    world = PlainWorld()
    fitted = {
        "monitor": Fitted("inficon_sqc310", {}),
        "supply": Fitted("scpi_supply", supply),
        "gauges": Fitted("pfeiffer_tpg36x", {}),
    }
    return Bench(1, fitted, plant=world, cables=cables), world


def test_a_cable_programmes_the_supply() -> None:
    made, world = bench([Cable("monitor", 1, "supply")], analogue_volts=10.0)
    supply = made.port("supply")
    supply.write(b"VOLT 2\nOUTP ON\nCURR 50\n", 0.0)
    assert (world.volts, world.amps, world.output_on) == (2.0, 0.0, True), "the current is not the interface's"
    monitor = made.port("monitor")
    assert isinstance(monitor, SimulatedSqc310)
    say(monitor, "S1 425", 1.0)
    assert world.amps == pytest.approx(85.0)
    supply.write(b"OUTP OFF\n", 2.0)
    assert (round(world.amps, 6), world.output_on) == (85.0, False)
    say(monitor, "S1 0", 3.0)
    assert world.amps == 0.0


def test_a_supply_that_is_not_set_to_its_program_input_ignores_it() -> None:
    made, world = bench([Cable("monitor", 1, "supply")])
    made.port("supply").write(b"VOLT 2\nCURR 50\nOUTP ON\n", 0.0)
    monitor = made.port("monitor")
    assert isinstance(monitor, SimulatedSqc310)
    say(monitor, "S1 425", 1.0)
    assert world.amps == 50.0


@pytest.mark.parametrize(
    ("cable", "says"),
    [
        (Cable("nobody", 1, "supply"), "no instrument 'nobody'"),
        (Cable("monitor", 1, "nobody"), "no instrument 'nobody'"),
        (Cable("monitor", 9, "supply"), "outputs 1 to 2, found 9"),
        (Cable("gauges", 1, "supply"), "no analogue outputs"),
        (Cable("monitor", 1, "gauges"), "no analogue program input"),
    ],
)
def test_cables_that_do_not_fit(cable: Cable, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        bench([cable])
