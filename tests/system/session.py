"""A small chamber with an operator's hands on it: run to a moment, give a command, look at the truth."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.simulation import Simulation
from pvdctl.process.controller import Order, Request
from pvdctl.process.states import Command, State
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.record.event import Recorded
from pvdctl.record.reader import RecordReader
from simulators.plant.params import PlantParameters
from tests.system.invariants import Invariants, judge_events
from tests.system.small import recipe, small_chamber, small_plant


class Session:
    """One run, step by step. The invariants are judged at every scan; `end` asserts them and returns the result."""

    def __init__(
        self,
        directory: Path,
        *,
        what: LoadedRecipe | None = None,
        chamber: LoadedChamber | None = None,
        seed: int = 1,
        faults: Sequence[str] = (),
        answers: dict[str, str] | None = None,
        plant: PlantParameters | None = None,
        execute: bool = True,
    ) -> None:
        self.judge = Invariants(faults)
        self.directory = directory
        self.simulation = Simulation(
            what or recipe(), chamber or small_chamber(), seed=seed, directory=directory, faults=faults,
            answers=answers, parameters=plant or small_plant(), on_scan=self.judge,
        )  # fmt: skip
        self.controller = self.simulation.controller
        self.context = self.controller.context
        self.truth = self.simulation.simulated.truth
        self.bench = self.simulation.simulated.bench
        self.plant: Any = self.bench.plant
        simulation = self.simulation
        self.controller.load(Order(simulation.recipe.model, simulation._begin, simulation._end))
        if execute:
            assert simulation._to_execute(), self.controller.reason

    # --- looking --------------------------------------------------------------------------------------------------
    @property
    def state(self) -> State:
        """The unit's."""
        return self.controller.unit.state

    @property
    def now_s(self) -> float:
        """Virtual seconds."""
        return self.simulation.now_s

    @property
    def place(self) -> str:
        """`step.phase`."""
        return f"{self.context.step_name}.{self.context.phase}"

    @property
    def asked_a(self) -> float:
        """Current asked of the supply."""
        return self.controller.outputs["boat_supply.current"].asked

    def true_nm(self, material: str) -> float:
        """Really on the substrate."""
        return self.truth.thickness_nm(material)

    def alarms(self) -> list[str]:
        """Names of all alarms so far."""
        return [str(alarm["name"]) for alarm in self.controller.alarms.listing(standing_only=False)]

    # --- going on -------------------------------------------------------------------------------------------------
    def until(self, there: Callable[[], bool], at_most_s: float = 900.0) -> None:
        """Scan until `there`; fails when it takes longer."""

        def reached() -> bool:
            self.simulation._after_scan()
            return there()

        found = self.simulation.engine.run(reached, at_most_s=at_most_s)
        assert found, f"not there after {at_most_s} s: {self.state.name}, {self.place}, {self.controller.reason}"

    def scan(self, seconds: float = 0.1) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds - 1e-6
        self.until(lambda: self.now_s >= end_s, seconds + 1.0)

    def to(self, place: str, seconds: float = 0.0) -> None:
        """On to a phase, `step.phase`, and some seconds into it."""
        if self.place != place:
            self.until(lambda: self.place == place)
        if seconds:
            self.scan(seconds)

    def to_state(self, *states: State, at_most_s: float = 900.0) -> None:
        """On until the unit is in one of `states`."""
        self.until(lambda: self.state in states, at_most_s)

    def command(self, command: Command, why: str = "test") -> Request:
        """Give a command and let it be taken."""
        request = self.controller.request(command, "operator", why)
        self.scan()
        assert request.done
        return request

    def hold(self) -> None:
        """Hold, and be held."""
        assert self.command(Command.HOLD, "hold asked").error is None
        self.to_state(State.HELD, at_most_s=90.0)

    def unhold(self) -> None:
        """Unhold, and execute."""
        assert self.command(Command.UNHOLD, "go on").error is None
        self.to_state(State.EXECUTE, at_most_s=90.0)

    def finish(self, at_most_s: float = 1500.0) -> None:
        """On to the end of the run."""
        self.until(lambda: self.controller.ended is not None, at_most_s)

    # --- the end --------------------------------------------------------------------------------------------------
    def end(self) -> dict[str, Any]:
        """Close everything, hold the run against the invariants, and return the result."""
        controller = self.controller
        if controller.running:
            controller.end_run(self.state.name.capitalize(), controller.reason or "left by the test")
        self.simulation.record.close()
        assert self.judge.broken == []
        assert judge_events(self.events()) == []
        return self.simulation._as_data("")

    def events(self) -> list[Recorded]:
        """Of the run, from the record; after `end`."""
        with RecordReader.open(self.directory) as reader:
            return reader.events(reader.runs()[-1].run)
