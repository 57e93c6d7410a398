"""Watching a deposition controller that heats a source by itself: its phase, its power, its deviation."""

from pvdctl.chamber.model import Program
from pvdctl.instrument.poll import FAILED, Act
from pvdctl.instrument.roles import RateController
from pvdctl.instrument.tag import GOOD
from pvdctl.process.context import Context
from pvdctl.process.steps.authority import Trouble
from pvdctl.process.steps.source import PoweredSource
from pvdctl.recipe.model import Deposit

ANSWER_S = 3.0
"""A start, or the release from soak hold, must show in the phase within this time: six readings at 0.5 s. A guess."""
ON_THE_WAY = frozenset(
    ("crystal verify", "initialise layer", "ramp 1", "soak 1", "ramp 2", "soak 2", "soak hold", "shutter delay",
     "control delay", "deposit", "rate ramp")
)  # fmt: skip
"""Phases in which a layer is as it should be (074-550-P1B p. 97)."""
ENDED = frozenset(("stopped", "stop layer", "feed ramp", "feed soak", "idle ramp", "start next layer"))
CRYSTAL = frozenset(("crystal fail", "crystal fail, halted", "crystal switch", "timed power"))
POWER_STEP_PERCENT = 0.1
DISAGREE_PERCENT = 10.0
"""The monitor's deviation and ours, both smoothed over some ten seconds, may differ by this much: densities rounded to
0.01 g/cm3 make 0.75 %, noise 2 %, a spit that one of the two has left out more for a moment. A choice."""
DISAGREE_WEIGHT = 0.1
DISAGREE_AFTER_S = 10.0


class SqcWatch:
    """Judges the controller once per scan while a layer is under way."""

    def __init__(
        self, context: Context, source: PoweredSource, program: Program, controller: RateController, step: Deposit
    ) -> None:
        self._context = context
        self._source = source
        self._step = step
        self._phase = controller.phase
        self._power = controller.power_percent[program.output]
        self._deviation = controller.deviation_percent[program.output]
        self._a_per_percent = program.full_scale_a / 100.0
        self._max_percent = source.facts.max_current_a / self._a_per_percent
        self._started: Act | None = None
        self._released: Act | None = None
        self._started_s = self._seen_s = 0.0
        self._apart_percent = 0.0
        self._apart_since_s: float | None = None

    def start(self, act: Act) -> None:
        """The layer has just been told to start."""
        self._started, self._released = act, None
        self._started_s = self._context.now_s
        self._apart_percent = 0.0
        self._apart_since_s = None

    def release(self, act: Act) -> None:
        """The layer has just been told to go on from soak hold."""
        self._released = act

    @property
    def under_way(self) -> bool:
        """The phase that is read now was said after the start was acknowledged."""
        return self._since(self._started) > 0.0

    def _since(self, act: Act | None) -> float:
        """Seconds from an act's acknowledgement to the newest reading of the phase; 0 before."""
        if act is None or act.done_s == 0.0 or act.state == FAILED:
            return 0.0
        return max(0.0, self._phase.at_s - act.done_s)

    def judge(self) -> Trouble | None:
        """The first thing that is wrong, gravest first."""
        for act, what in ((self._started, "start"), (self._released, "go on from soak hold")):
            if act is not None and act.state == FAILED:
                return Trouble("lost_reading", "hold", f"the monitor was told to {what}: {act.error}")
        late = self._context.now_s - self._started_s > ANSWER_S
        if late and not self.under_way:
            text = (
                f"the monitor was told to start {ANSWER_S:g} s ago and has not said since what it does: {self._phase}"
            )
            return Trouble("lost_reading", "lost_reading", text)
        for tag in (self._phase, self._power):
            if tag.quality != GOOD and self.under_way:
                return Trouble("lost_reading", "lost_reading", f"{tag.name}: {tag.why}")
        return self._judge_phase() or self._judge_power() or self._judge_deviation()

    def _judge_phase(self) -> Trouble | None:
        word, timed = str(self._phase.value), self._context.phase == "timed power"
        if not self.under_way:
            return None
        if word == "soak hold" and self._since(self._released) > ANSWER_S:
            return Trouble("rate_error", "hold", "the monitor stays in soak hold although it was told to go on")
        if word in ON_THE_WAY or (word == "timed power" and timed):
            return None
        if word in ENDED:
            if self._since(self._started) < ANSWER_S:
                return None
            text = (
                f"the monitor has ended the layer by itself ('{word}'): its control error, its final thickness, or a "
            )
            text += f"hand at its front panel; the last rate was {self._context.rate_nm_per_s:.3f} nm/s"
            return Trouble("rate_error", "rate_error", text)
        if word in CRYSTAL:
            return Trouble("crystal_fail", "crystal_fail", f"the monitor says '{word}'")
        if word == "manual power":
            text = "the monitor is in manual power, all outputs at once: S was sent, or a hand is at its front panel"
            return Trouble("rate_error", "hold", text)
        return Trouble("rate_error", "hold", f"the monitor is in a phase that does not belong here: '{word}'")

    def _judge_power(self) -> Trouble | None:
        percent = self._power.number()
        if percent is None:
            return None
        if percent > self._max_percent + POWER_STEP_PERCENT:
            return Trouble(
                "supply_mismatch",
                "stop",
                f"the monitor drives {self._source.name} at {percent:.1f} %; its most power was to be set at the unit "
                f"to {self._max_percent:.1f} %",
            )
        text = self._source.watch(percent * self._a_per_percent)
        if not text:
            return None
        return Trouble("boat_open" if "open" in text else "supply_mismatch", "stop", text)

    def _judge_deviation(self) -> Trouble | None:
        """Whether the monitor steers by the same rate that we judge: a wrong film or sensor would show here."""
        context, deviation = self._context, self._deviation
        if context.phase != "deposit" or self._phase.value != "deposit" or deviation.at_s == self._seen_s:
            return None
        self._seen_s = deviation.at_s
        its_percent = deviation.number()
        if its_percent is None:
            return None
        ours_percent = 100.0 * (context.rate_nm_per_s / self._step.rate_nm_per_s - 1.0)
        self._apart_percent += DISAGREE_WEIGHT * (its_percent - ours_percent - self._apart_percent)
        if -DISAGREE_PERCENT <= self._apart_percent <= DISAGREE_PERCENT:
            self._apart_since_s = None
            return None
        if self._apart_since_s is None:
            self._apart_since_s = context.now_s
        if context.now_s - self._apart_since_s < DISAGREE_AFTER_S:
            return None
        self._apart_since_s = context.now_s
        return Trouble(
            "readings_disagree",
            "hold",
            f"the monitor sees the rate {its_percent:+.0f} % off its target, its frequency says {ours_percent:+.0f} %; "
            "check which film, sensor and tooling its layer uses",
        )
