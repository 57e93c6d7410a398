"""Simulated DC supply for the boats: a plain SCPI instrument on a TCP socket, lines ended by LF (CR is ignored).

No particular maker's unit: the subset of commands that the Keysight N5700 and N8700 families share with others, from
their user guides, and SCPI-99. Chosen or guessed, hence no proof about a real unit:

- Ratings 6 V, 200 A (no model of exactly this rating is meant); programmable to 105 % of each; over-voltage level up to
  125 %, which is also its value after *RST.
- Over-voltage level at least 1.05 x the voltage set point; either command that would break this: -221.
- Read-back noise 0.02 % of full scale (Gaussian; one long table of draws, walked through), quantum 0.01 A and 1 mV.
- A trip shows as over-voltage (1) when the terminals were above the level, else, when an enabled output with both set
  points above zero gives neither voltage nor current for 0.1 s, as power failure (4). It is latched, the output is off
  and OUTP ON is refused (-221) until OUTP:PROT:CLE. Trips are noticed when somebody asks.
- Without the enable input (`supply_enabled`) the output is off and QUES shows inhibit (512); OUTP? still answers 1.
- Status values of the Keysight N6700 family (QUES 1 OV, 4 PF, 512 INH; OPER 1 CV, 2 CC, 4 OFF).
- With `analogue_volts` the current is programmed by the voltage at the program input, 0 to that voltage for 0 to the
  rated current, and nothing drives it before a cable does. CURR is then accepted, answered and without effect, while
  VOLT, OUTP and protections work as ever (the N5700 chooses with a rear switch; that CURR is not refused is a guess).
- With `needs_remote` set commands are refused with -203 until SYST:REM; by default the supply does not mind.
- Power-up state: as after *RST, whatever was set before. Error queue of 10. 2 ms from request to answer.
"""

import random
from collections.abc import Callable

from simulators.instruments.scpi.grammar import (
    COMMAND_PROTECTED,
    INPUT_OVERRUN,
    MISSING_PARAMETER,
    PARAMETER_NOT_ALLOWED,
    SETTINGS_CONFLICT,
    UNDEFINED_HEADER,
    ErrorQueue,
    ScpiError,
    boolean,
    number,
)
from simulators.instruments.scpi.supply_headers import (
    CURR,
    ERROR,
    HEADERS,
    LOCAL,
    MEAS_CURR,
    MEAS_VOLT,
    OPER,
    OUTP,
    OVP,
    OVP_CLEAR,
    QUES,
    REMOTE,
    VOLT,
)
from simulators.port import WirePort
from simulators.world import World

CONSTANT_VOLTAGE, CONSTANT_CURRENT, OUTPUT_OFF = 1, 2, 4
OVER_VOLTAGE, POWER_FAIL, INHIBITED = 1, 4, 512
LONGEST_LINE = 1024
NOISE_OF_FULL_SCALE = 2e-4
TRIP_SEEN_S = 0.1
DEAD_VOLTS, DEAD_AMPS = 1e-3, 1e-3
NOISE_DRAWS = 4096
MOST_KNOWN = 64
"""Spellings remembered, so that endless variety does not fill the memory."""


class SimulatedSupply(WirePort):
    """The supply named `supply` of the plant, rated `rated_volts` and `rated_amps`."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        supply: str = "supply",
        rated_volts: float = 6.0,
        rated_amps: float = 200.0,
        needs_remote: bool = False,
        analogue_volts: float = 0.0,
        identity: str = "PVDSIM,SUPPLY-6-200,SIM0001,1.0",
    ) -> None:
        super().__init__()
        if rated_volts <= 0.0 or rated_amps <= 0.0:
            raise ValueError(f"scpi_supply: ratings must be above zero, found {rated_volts!r} V and {rated_amps!r} A")
        if analogue_volts < 0.0:
            raise ValueError(f"scpi_supply: analogue_volts must not be negative, found {analogue_volts!r}")
        self._world = world
        self._supply = supply
        self._analogue_volts = analogue_volts
        self._programmed_amps = 0.0
        self._identity = identity
        self._rated_volts = rated_volts
        self._rated_amps = rated_amps
        self._greatest_volts = round(1.05 * rated_volts, 6)  # rounded, so that 6 V gives 6.3 and not a hair more
        self._greatest_amps = round(1.05 * rated_amps, 6)
        self._greatest_level = round(1.25 * rated_volts, 6)
        self._needs_remote = needs_remote
        noise = random.Random(f"{seed}:{supply} read-back")  # one stream per supply
        self._noise = tuple(noise.gauss(0.0, NOISE_OF_FULL_SCALE) for _ in range(NOISE_DRAWS))
        self._draw = 0
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN": lambda: self._identity,
            "*OPC": lambda: "1",
            VOLT: lambda: f"{self._volts:.3f}",
            CURR: lambda: f"{self._amps:.3f}",
            OVP: lambda: f"{self._level:.3f}",
            OUTP: lambda: str(int(self._on)),
            MEAS_VOLT: self._measured_volts,
            MEAS_CURR: self._measured_amps,
            QUES: lambda: str(self._questionable()),
            OPER: lambda: str(self._operation()),
            ERROR: lambda: self._errors.pop(),
        }
        self._known: dict[bytes, tuple[Callable[[], str], ...]] = {}
        self._known_sets: dict[bytes, str] = {}
        self._errors = ErrorQueue(10)
        self._line = b""
        self._now_s = 0.0
        self._remote = False
        self._power_up()

    def _power_up(self) -> None:
        self._volts = 0.0
        self._amps = 0.0
        self._level = self._greatest_level
        self._on = False
        self._tripped = 0
        self._dead_since_s: float | None = None

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        self._now_s = now_s
        if not self._line:
            # A whole line of queries met before: it need not be taken apart again.
            queries = self._known.get(data)
            if queries is not None:
                self._world.advance(now_s)
                self.say((";".join([query() for query in queries]) + "\n").encode("ascii"), now_s)
                return
            head, _, rest = data.partition(b" ")
            pattern = self._known_sets.get(head)
            if pattern is not None and rest.endswith(b"\n") and rest.count(b"\n") == 1 and b";" not in rest:
                # A single set command with a header met before: only its parameter is new.
                self._world.advance(now_s)
                try:
                    self._set(pattern, rest.strip().decode("latin-1"))
                except ScpiError as error:
                    self._errors.add(error.code)
                return
        *lines, rest = (self._line + data).split(b"\n")
        for line in lines:
            self._obey(line, now_s)
        if len(rest) > LONGEST_LINE:
            self._errors.add(INPUT_OVERRUN)
            rest = b""
        self._line = rest

    def restart(self, now_s: float) -> None:
        """Mains off and on: output off, all settings as after *RST, local, errors forgotten."""
        super().restart(now_s)
        self._line = b""
        self._now_s = now_s
        self._errors.clear()
        self._remote = False
        self._power_up()
        self._apply()

    def hear_volts(self, volts: float, now_s: float) -> None:
        """The voltage at the analogue program input is `volts` from now on; no more than full scale is believed."""
        if self._analogue_volts:
            share = min(max(volts / self._analogue_volts, 0.0), 1.0)
            self._programmed_amps = share * self._rated_amps
            self._now_s = now_s
            self._apply()

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: SCPI has no check; the first character becomes `?`, so it is no number."""
        return b"?" + answer[1:]

    # --- commands ---------------------------------------------------------------------------------------------
    def _obey(self, line: bytes, now_s: float) -> None:
        self._world.advance(now_s)
        answers: list[str] = []
        queries: list[Callable[[], str]] = []
        only_queries = True
        try:
            for pattern, is_query, parameters in HEADERS.commands(line.decode("latin-1")):
                if is_query:
                    query = self._query(pattern, parameters)
                    queries.append(query)
                    answers.append(query())
                else:
                    only_queries = False
                    self._set(pattern, parameters)
                    header = line.partition(b" ")[0]
                    alone = b";" not in line and header.replace(b":", b"").isalpha()
                    if alone and parameters and len(self._known_sets) < MOST_KNOWN:
                        self._known_sets[header] = pattern
        except ScpiError as error:
            self._errors.add(error.code)
            only_queries = False
        if answers:
            self.say((";".join(answers) + "\n").encode("ascii"), now_s)
            if only_queries and len(self._known) < MOST_KNOWN:
                self._known[line + b"\n"] = tuple(queries)

    def _query(self, pattern: str, parameters: str) -> Callable[[], str]:
        query = self._queries.get(pattern)
        if query is None:
            raise ScpiError(UNDEFINED_HEADER)
        if not parameters:
            return query
        least_greatest = {
            VOLT: (0.0, self._greatest_volts, "%.3f"),
            CURR: (0.0, self._greatest_amps, "%.3f"),
            OVP: (0.0, self._greatest_level, "%.3f"),
        }.get(pattern)
        if least_greatest is None or parameters.lower() not in ("min", "minimum", "max", "maximum"):
            raise ScpiError(PARAMETER_NOT_ALLOWED)
        least, greatest, form = least_greatest
        text = form % (least if parameters.lower().startswith("min") else greatest)
        return lambda: text

    def _set(self, pattern: str, parameters: str) -> None:
        if pattern in ("*CLS", "*RST", "*OPC", OVP_CLEAR, REMOTE, LOCAL):
            if parameters:
                raise ScpiError(PARAMETER_NOT_ALLOWED)
            self._act(pattern)
            return
        if pattern not in (VOLT, CURR, OVP, OUTP):
            raise ScpiError(UNDEFINED_HEADER)  # exists as a query only
        self._must_be_remote()
        if not parameters:
            raise ScpiError(MISSING_PARAMETER)
        if pattern == VOLT:
            volts = number(parameters, "V", 0.0, self._greatest_volts, 0.0)
            if round(1.05 * volts, 6) > self._level:
                raise ScpiError(SETTINGS_CONFLICT)
            self._volts = volts
        elif pattern == CURR:
            self._amps = number(parameters, "A", 0.0, self._greatest_amps, 0.0)
        elif pattern == OVP:
            level = number(parameters, "V", 0.0, self._greatest_level, self._greatest_level)
            if level < round(1.05 * self._volts, 6):
                raise ScpiError(SETTINGS_CONFLICT)
            self._level = level
        else:
            on = boolean(parameters)
            if on and self._tripped:
                raise ScpiError(SETTINGS_CONFLICT)
            self._on = on
        self._apply()

    def _act(self, pattern: str) -> None:
        """Commands without parameters."""
        if pattern == "*CLS":
            self._errors.clear()
        elif pattern == "*RST":
            self._must_be_remote()
            self._power_up()
            self._apply()
        elif pattern == OVP_CLEAR:
            self._must_be_remote()
            self._tripped = 0
            self._apply()
        elif pattern in (REMOTE, LOCAL):
            self._remote = pattern == REMOTE

    def _must_be_remote(self) -> None:
        if self._needs_remote and not self._remote:
            raise ScpiError(COMMAND_PROTECTED)

    def _apply(self) -> None:
        """Give the power stage its set points."""
        self._dead_since_s = None
        amps = self._programmed_amps if self._analogue_volts else self._amps
        self._world.supply_set(self._supply, self._volts, amps, self._on and not self._tripped, self._now_s)

    # --- readings ---------------------------------------------------------------------------------------------
    def _terminals(self) -> tuple[float, float, bool]:
        """Volts, amps and whether in constant voltage; and the protection, which looks at them."""
        volts, amps, constant_voltage = self._world.supply_terminals(self._supply)
        if self._on and not self._tripped:
            if volts > self._level:
                self._trip(OVER_VOLTAGE)
            elif volts < DEAD_VOLTS and amps < DEAD_AMPS and self._wants_current():
                self._seems_dead()
            else:
                self._dead_since_s = None
        return volts, amps, constant_voltage

    def _wants_current(self) -> bool:
        """Both set points above zero; a program input below a hundredth of full scale counts as zero."""
        if self._analogue_volts:
            return self._volts > 0.0 and self._programmed_amps > 0.01 * self._rated_amps
        return self._volts > 0.0 and self._amps > 0.0

    def _seems_dead(self) -> None:
        if not self._world.signal("supply_enabled"):
            self._dead_since_s = None
        elif self._dead_since_s is None:
            self._dead_since_s = self._now_s
        elif self._now_s - self._dead_since_s >= TRIP_SEEN_S:
            self._trip(POWER_FAIL)

    def _trip(self, cause: int) -> None:
        self._tripped = cause
        self._on = False
        self._apply()

    def _measured_volts(self) -> str:
        self._draw = draw = (self._draw + 1) % NOISE_DRAWS
        return "%.3f" % (self._terminals()[0] + self._noise[draw] * self._rated_volts)

    def _measured_amps(self) -> str:
        self._draw = draw = (self._draw + 1) % NOISE_DRAWS
        return "%.2f" % (self._terminals()[1] + self._noise[draw] * self._rated_amps)

    def _questionable(self) -> int:
        self._terminals()
        return self._tripped | (0 if self._world.signal("supply_enabled") else INHIBITED)

    def _operation(self) -> int:
        constant_voltage = self._terminals()[2]
        if not self._on or not self._world.signal("supply_enabled"):
            return OUTPUT_OFF
        return CONSTANT_VOLTAGE if constant_voltage else CONSTANT_CURRENT
