"""Every fault of the menu in every phase of LZLN: the list of cases, and one case run and judged.

`python -m tests.system.matrix [--from N] [--every N] [--only WORDS]` runs the whole matrix and prints what is wrong.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from pvdctl.cli.simulation import Simulation
from pvdctl.record.reader import RecordReader
from pvdctl.record.verify import verify
from simulators.faults import menu
from simulators.wire_faults import WIRE_FAULTS
from tests.system.invariants import Invariants, judge_events
from tests.system.small import recipe, small_chamber, small_plant

PHASES: dict[str, tuple[str, ...]] = {
    "pump_down": ("prepare", "rough", "crossover", "turbo run-up", "high vacuum"),
    "zinc": (
        "crystal verify", "initialise layer", "ramp 1", "soak 1", "ramp 2", "soak 2", "shutter delay", "deposit",
        "close", "idle ramp",
    ),
    "lithium": (
        "crystal verify", "initialise layer", "ramp 1", "soak 1", "ramp 2", "soak 2", "shutter delay", "deposit",
        "close", "idle ramp",
    ),
    "cool_down": ("cool down",),
    "nitrogen": ("isolate", "fill", "dwell"),
    "evacuate": ("prepare", "rough", "back the turbo"),
}  # fmt: skip
"""The phases that LZLN goes through, by step; `test_phases_are_all` holds them to a run."""

LINKS = ("monitor", "boat_supply", "gauges", "turbo", "plc")

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "boat_open": ("source=1", "source=2"),
    "supply_trip": ("",),
    "source_depleted": ("source=1", "source=2"),
    "source_crusted": ("source=1", "source=2"),
    "spit_burst": ("",),
    "shutter_stuck_open": tuple(f"shutter={s}_shutter" for s in ("source_1", "source_2", "substrate")),
    "shutter_stuck_closed": tuple(f"shutter={s}_shutter" for s in ("source_1", "source_2", "substrate")),
    "valve_stuck": tuple(f"valve={v}_valve" for v in ("rough", "gate", "fore", "n2", "ar")),
    "water_lost": ("",),
    "n2_supply_empty": ("",),
    "leak": ("mbar_l_per_s=0.01", "mbar_l_per_s=1"),
    "turbo_trip": ("",),
    "door_open": ("",),
    "air_lost": ("",),
    "estop": ("",),
    "glovebox_lost": ("",),
    "crystal_dead": ("sensor=1", "sensor=2"),
    "crystal_jump": ("sensor=1", "sensor=1,hz=-2000"),
    "crystal_mode_hop": ("sensor=1",),
    "crystal_noisy": ("sensor=1",),
    "crystal_frozen": ("sensor=1",),
    "gauge_dead": ("gauge=full_range", "gauge=capacitance", "gauge=foreline"),
    "gauge_frozen": ("gauge=full_range", "gauge=capacitance", "gauge=foreline"),
    "gauge_wrong_range": tuple(
        f"gauge={g},factor={f}" for g in ("full_range", "capacitance", "foreline") for f in ("1000", "0.001")
    ),
}
"""How each fault of the plant is tried."""

SIGNS: dict[str, tuple[str, ...]] = {
    "boat_open": ("boat",),
    "supply_trip": ("supply",),
    "source_depleted": ("rate", "maximum", "pressure"),  # an empty boat overheats and lets go of its gas
    "source_crusted": ("rate", "maximum"),
    "spit_burst": ("crystal", "rate"),
    "shutter_stuck_open": ("shutter",),
    "shutter_stuck_closed": ("shutter",),
    "valve_stuck": ("valve",),
    "water_lost": ("water",),
    "n2_supply_empty": ("n2",),
    "leak": ("pressure", "mbar"),
    "turbo_trip": ("turbo",),
    "door_open": ("door",),
    "air_lost": ("air",),
    "estop": ("estop",),
    "glovebox_lost": ("glovebox",),
    "crystal_dead": ("crystal",),
    "crystal_jump": ("crystal",),
    "crystal_mode_hop": ("crystal",),
    "crystal_noisy": ("crystal", "rate"),
    "crystal_frozen": ("crystal",),
    "gauge_dead": ("full_range", "capacitance", "foreline"),
    "gauge_frozen": ("full_range", "capacitance", "foreline", "pressure", "mbar"),
    "gauge_wrong_range": ("full_range", "capacitance", "foreline", "pressure", "mbar"),
}
"""Words of which the reason of a run that did not complete must have one: it names the cause."""

LINK_SIGNS: dict[str, tuple[str, ...]] = {
    "monitor": ("monitor",),
    "boat_supply": ("boat_supply", "supply"),
    "gauges": ("gauges", "gauge_line"),
    "turbo": ("turbo",),
    "plc": ("plc", "watchdog"),
}

MATTERS: dict[str, tuple[str, ...]] = {
    "boat_open": ("zinc.deposit", "lithium.deposit"),
    "supply_trip": ("zinc.deposit",),
    "source_depleted": ("zinc.deposit", "lithium.deposit"),
    "source_crusted": ("zinc.deposit", "lithium.shutter delay"),
    "spit_burst": ("lithium.deposit",),
    "shutter_stuck_open": ("zinc.deposit", "lithium.deposit"),
    "shutter_stuck_closed": ("zinc.soak 2", "lithium.soak 2"),
    "valve_stuck": ("pump_down.prepare", "nitrogen.isolate", "nitrogen.fill"),
    "water_lost": ("lithium.deposit",),
    "n2_supply_empty": ("nitrogen.fill",),
    "leak": ("zinc.deposit", "pump_down.high vacuum"),
    "turbo_trip": ("zinc.ramp 2",),
    "door_open": ("lithium.soak 1",),
    "air_lost": ("zinc.deposit",),
    "estop": ("lithium.deposit",),
    "glovebox_lost": ("cool_down.cool down",),
    "crystal_dead": ("zinc.deposit", "lithium.shutter delay"),
    "crystal_jump": ("zinc.deposit",),
    "crystal_mode_hop": ("zinc.deposit", "lithium.ramp 1"),
    "crystal_noisy": ("lithium.deposit",),
    "crystal_frozen": ("zinc.deposit", "lithium.crystal verify"),
    "gauge_dead": ("zinc.deposit", "nitrogen.fill", "pump_down.rough"),
    "gauge_frozen": ("nitrogen.fill", "pump_down.rough"),
    "gauge_wrong_range": ("zinc.ramp 1", "nitrogen.isolate"),
}
"""Where a fault of the plant hurts most: each is tried there in every suite, and in one more phase, taken in turn."""


LONGEST_S = 2400.0
"""Four times the run without a fault (590 s): every wait has its deadline."""


@dataclass(frozen=True)
class Case:
    """One fault at the beginning of one phase."""

    fault: str
    """Name on the menu."""
    arguments: str
    link: str
    step: str
    phase: str

    @property
    def text(self) -> str:
        """As `--fault` takes it."""
        more = ",".join(filter(None, (f"link={self.link}" if self.link else "", self.arguments)))
        return f"{self.fault}@{self.step}.{self.phase}" + (f":{more}" if more else "")

    @property
    def place(self) -> str:
        """`step.phase`."""
        return f"{self.step}.{self.phase}"

    @property
    def kind(self) -> str:
        """The fault without its moment."""
        return ":".join(filter(None, (self.fault, self.link, self.arguments)))

    @property
    def signs(self) -> tuple[str, ...]:
        """Words that name the cause."""
        return LINK_SIGNS[self.link] if self.link else SIGNS[self.fault]


@dataclass
class Outcome:
    """What came of a case. wrong: sentences; empty when all is well."""

    case: str
    state: str
    reason: str
    virtual_s: float
    wall_s: float
    happened: bool
    alarms: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def kinds() -> Iterator[tuple[str, str, str]]:
    """(fault, arguments, link) for the whole menu."""
    for name in menu():
        if name in WIRE_FAULTS:
            for link in LINKS:
                yield name, "", link
        else:
            for arguments in ARGUMENTS[name]:
                yield name, arguments, ""


def cases() -> list[Case]:
    """The whole matrix."""
    return [
        Case(name, arguments, link, step, phase)
        for name, arguments, link in kinds()
        for step, phases in PHASES.items()
        for phase in phases
    ]


def selection() -> list[Case]:
    """What the suite runs: every kind where it matters most and in one phase in turn; so every phase has several."""
    every = cases()
    by_place: dict[tuple[str, str], Case] = {(case.kind, case.place): case for case in every}
    places = [f"{step}.{phase}" for step, phases in PHASES.items() for phase in phases]
    chosen: dict[str, Case] = {}
    for number, (fault, kind) in enumerate(
        (case.fault, case.kind) for case in {case.kind: case for case in every}.values()
    ):
        wanted = [places[7 * number % len(places)]]
        matters = MATTERS.get(fault)
        if matters is not None:
            wanted.append(matters[number % len(matters)])
        for place in wanted:
            case = by_place[kind, place]
            chosen[case.text] = case
    return list(chosen.values())


def run_case(case: Case, seed: int = 1) -> Outcome:
    """Run one case and judge it."""
    directory = Path(mkdtemp(prefix="pvdctl-case-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        return _run_case(case, seed, directory)
    finally:
        rmtree(directory)


class _TooLongError(Exception):
    pass


def _run_case(case: Case, seed: int, directory: Path) -> Outcome:
    judge = Invariants([case.text])

    def on_scan(simulation: Simulation) -> None:
        judge(simulation)
        if simulation.now_s > LONGEST_S:
            raise _TooLongError

    simulation = Simulation(
        recipe(), small_chamber(), seed=seed, directory=directory, faults=[case.text], parameters=small_plant(),
        on_scan=on_scan,
    )  # fmt: skip
    try:
        result = simulation.run()
    except _TooLongError:
        context = simulation.controller.context
        state = simulation.controller.unit.state.name
        where = f"{state} in {context.step_name}.{context.phase}"
        return Outcome(case.text, "endless", where, LONGEST_S, 0.0, True, wrong=[f"still {where} after {LONGEST_S} s"])
    texts = [f"{a['name']}: {a['text']}" for a in result["alarms"]]
    outcome = Outcome(
        case.text, result["end_state"], result["end_reason"], result["duration_s"], result["wall_s"],
        bool(result["faults"]), texts,
    )  # fmt: skip
    wrong = outcome.wrong
    wrong += [f"{at_s} s: {text}" for at_s, text in judge.broken]
    if not outcome.happened:
        wrong.append("the fault never happened")
    if outcome.state not in ("Complete", "Held", "Stopped", "Aborted"):
        wrong.append(f"ended {outcome.state}: {outcome.reason}")
    if outcome.state != "Complete" and not any(sign in outcome.reason.lower() for sign in case.signs):
        wrong.append(f"the reason names none of {', '.join(case.signs)}: {outcome.reason}")
    if outcome.state == "Complete" and not texts:
        for layer in result["layers"]:
            true_nm = layer["true_nm"]
            if true_nm is None or abs(true_nm / layer["target_nm"] - 1.0) > FILM_SHARE:
                wrong.append(f"Complete without an alarm, but {layer['name']} is {true_nm} nm")
    wrong += _judge_record(directory, simulation.run_id)
    return outcome


FILM_SHARE = 0.02
"""Of a 15 nm film 2 % are 0.3 nm: the crystal's thermal shift at the opening and the end by scans of 0.05 nm."""


def _judge_record(directory: Path, run_id: str) -> list[str]:
    with RecordReader.open(directory) as reader:
        verdict = verify(reader)
        wrong = [] if verdict.good else [f"the record does not verify: {verdict}"]
        if run_id:
            events = reader.events(run_id)
            wrong += judge_events(events)
            if events[-1].kind != "run_end":
                wrong.append(f"the run's last event is {events[-1].kind}")
            if len(events) > 200 + 2.0 * events[-1].at_s:
                wrong.append(f"{len(events)} events in {events[-1].at_s:.0f} s")
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Run it all, one after the other; one line of JSON for each case that is not well, and the counts."""
    every = int(arguments[arguments.index("--every") + 1]) if "--every" in arguments else 1
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    first = int(arguments[arguments.index("--from") + 1]) if "--from" in arguments else 0
    todo = [case for case in cases() if only in case.text][first::every]
    bad = 0
    for number, case in enumerate(todo):
        outcome = run_case(case)
        bad += bool(outcome.wrong)
        if outcome.wrong or "--all" in arguments:
            print(json.dumps(asdict(outcome)), flush=True)
        if number % 100 == 99:
            print(f"# {number + 1} of {len(todo)}, {bad} not well", file=sys.stderr, flush=True)
    print(f"# {len(todo)} cases, {bad} not well", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
