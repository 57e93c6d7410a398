"""An operator who gives any command at any time: the invariants hold, there is an answer, and there is a way on."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pvdctl.errors import Refused
from pvdctl.process.controller import Controller
from pvdctl.process.states import RESTING, Command, State
from pvdctl.record.event import Event
from tests.system.session import Session
from tests.system.small import recipe

SHORT = """\
recipe: short
version: "1"
title: A bit of everything
steps:
  - {do: pump_down, name: pump_down, below: 2e-5 mbar, within: 5 min}
  - {do: deposit, name: zinc, film: Zn, thickness: 5 nm, rate: 0.5 nm/s, tolerance: 10 %, in_band_for: 5 s,
     qualify_within: 90 s, rate_error_after: 15 s, on_rate_error: hold, on_crystal_fail: switch_crystal,
     on_lost_reading: hold}
  - {do: wait, name: wait, duration: 10 s}
  - {do: cool_down, name: cool_down, within: 10 min}
  - {do: backfill, name: nitrogen, gas: n2, pressure: 50 mbar, tolerance: 20 mbar, duration: 10 s,
     duration_starts: at_pressure, within: 60 s}
  - {do: evacuate, name: evacuate, below: 0.1 mbar, within: 5 min}
"""
LONG_S = 2500.0


class Operator(RuleBasedStateMachine):
    """Commands at the worst moments."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(mkdtemp(prefix="pvdctl-operator-"))
        self.session = Session(self.directory, what=recipe(SHORT), seed=3)
        self.refused = 0

    @rule(command=st.sampled_from(list(Command)), pause_s=st.sampled_from((0.0, 0.1, 0.3, 1.0, 7.0)))
    def any_command(self, command: Command, pause_s: float) -> None:
        session = self.session
        before = session.state
        legal = session.controller.unit.legal_words()
        request = session.command(command, "whim")
        if request.error is not None:
            self.refused += 1
            assert isinstance(request.error, Refused)
            assert ("You can" if legal else "Wait until it has gone on") in str(request.error)
        else:
            assert command.name.lower() in legal or before is not session.state or command is Command.ABORT
        if pause_s:
            session.scan(pause_s)

    @rule(seconds=st.floats(0.1, 60.0))
    def time_passes(self, seconds: float) -> None:
        self.session.scan(round(seconds, 1))

    @precondition(lambda self: self.session.state is State.HELD)
    @rule()
    def go_on(self) -> None:
        self.session.command(Command.UNHOLD, "go on")

    @precondition(lambda self: self.session.state is State.EXECUTE)
    @rule(commands=st.lists(st.sampled_from(list(Command)), min_size=2, max_size=4))
    def all_at_once(self, commands: list[Command]) -> None:
        """Several people at once: each gets an answer in the same scan."""
        requests = [self.session.controller.request(c, f"person {n}", "now") for n, c in enumerate(commands)]
        self.session.scan()
        assert all(request.done for request in requests)

    @invariant()
    def nothing_is_broken(self) -> None:
        assert self.session.judge.broken == []

    def teardown(self) -> None:
        """Left alone, the chamber comes to rest; and from rest it can be brought to Stopped."""
        try:
            session = self.session
            session.until(lambda: session.state in RESTING and not _moving_on(session.state), LONG_S)
            if session.state is not State.ABORTED:
                session.command(Command.ABORT, "closing time")
                session.to_state(State.ABORTED, at_most_s=30.0)
            contactor_open = not session.plant.signals["supply_enabled"]
            assert session.truth.supply_amps < 2.0 or contactor_open
            session.scan(0.2)  # what the supply's inductance still drives when the contactor opens dies in 0.1 s
            assert session.truth.supply_amps < 1.0
            for alarm in session.controller.alarms.unacknowledged_critical():
                session.controller.alarms.acknowledge(alarm, "operator", session.now_s)
            assert session.command(Command.CLEAR).error is None
            session.to_state(State.STOPPED, at_most_s=60.0)
            session.simulation.record.close()
            assert session.judge.broken == []
        finally:
            rmtree(self.directory)


def _moving_on(state: State) -> bool:
    """Suspended ends by itself."""
    return state is State.SUSPENDED


_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
TestOperator = Operator.TestCase
TestOperator.settings = settings(
    max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=_QUIET,
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip


class OperatorForLong(Operator):
    """The same, for `make soak`."""


TestOperatorForLong = pytest.mark.soak(OperatorForLong.TestCase)
TestOperatorForLong.settings = settings(
    max_examples=400, stateful_step_count=30, deadline=None, suppress_health_check=_QUIET
)


class _Silent:
    """A recorder that keeps everything in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, events: object) -> None:
        assert isinstance(events, list | tuple)
        self.events += events

    def settled(self) -> bool:
        return True

    def sample(self, at_s: float, row: tuple[object, ...]) -> None:
        assert row


def test_a_restarted_host_takes_the_pumps_as_it_finds_them(tmp_path: Path) -> None:
    """The program dies in the middle of a film and comes back within the watchdog's time: no gate slams, no turbo
    stops, and shutters and source go safe.
    """
    session = Session(tmp_path)
    session.to("zinc.deposit", 3.0)
    simulation = session.simulation
    recorder = _Silent()
    second = Controller(simulation.simulated.equipment, recorder)
    gate: list[float] = []
    for n in range(1, 100):
        now_s = session.now_s + 0.1
        simulation.simulated.schedule.run_until(now_s)
        second.scan(now_s)
        gate.append(session.truth.position("gate_valve"))
        assert n < 20 or second.adopted
    assert min(gate) == 1.0
    assert session.plant.gas.turbo.driven
    assert session.plant.gas.pumping
    assert session.truth.position("fore_valve") == 1.0
    for name in ("source_1_shutter", "substrate_shutter"):
        assert session.truth.position(name) == 0.0
    assert session.truth.supply_amps < 1.0
    assert second.unit.state is State.ABORTED
    assert any(e.text.startswith("chamber found: ") and "gate_valve" in e.text for e in recorder.events)
    simulation.record.close()
