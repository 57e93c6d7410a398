"""INFICON SQC-310 and SQC-310C deposition controller, as rate and thickness monitor and as controller of the rate.

RS-232, 19200 8N1 as delivered, or raw TCP on port 2101; the same packets on both (links.framing_sycon).
Manuals: P1B = Operating Manual IPN 074-550-P1B (2012, firmware 6.01), chapter 5; P1C = Operating Manual PN 074-550-P1C
(later firmware), chapter 4; pages are pages of the file. DLS = EPICS module of Diamond Light Source with traffic of a
real SQC-310C, firmware "2MB Ver 6.65".

Nothing here has been tried on a real unit yet; what no source settles stands in `facts.UNSETTLED`.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.drivers.inficon_sqc310.facts import (
    LIMITS,
    PHASES,
    STABLE_PHASES,
    STATUS,
    UNSETTLED,
    AnswerTooLong,
    IllegalCommand,
    IllegalData,
    RequestDamaged,
    WrongMode,
)
from pvdctl.drivers.inficon_sqc310.layer import Group, layer_groups, numbers_in_pairs
from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.crystal_monitor import SENSORS_SETTING, CrystalMonitor
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.monitor_limits import Range
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.roles import ControlledLayer
from pvdctl.instrument.tag import Flaw, Tag, Value
from pvdctl.links.framing_sycon import SyconFraming, pack
from pvdctl.links.link import Link

__all__ = [
    "PHASES",
    "STABLE_PHASES",
    "UNSETTLED",
    "AnswerTooLong",
    "IllegalCommand",
    "IllegalData",
    "InficonSqc310",
    "RequestDamaged",
    "WrongMode",
    "rounded_density",
    "rounded_z_factor",
]

ANGSTROM_PER_NM = 10.0
NM_PER_KILOANGSTROM = 100.0
POWER = Range(0, 100, "%", step=0.1)
"""Power of an output written with S (P1C p114)."""
_NUMERIC = b"0123456789.- "


def rounded_density(density_g_per_cm3: float) -> float:
    """The density the unit can hold: two decimals (F.2 is sent times 100, DLS)."""
    return round(density_g_per_cm3 * 100) / 100


def rounded_z_factor(z_factor: float) -> float:
    """The Z-factor the unit can hold: three decimals (F.3 is sent times 1000, DLS)."""
    return round(z_factor * 1000) / 1000


class InficonSqc310(CrystalMonitor):
    """Two or four crystals, read at once with K2; film data written to the unit so that its display agrees with ours.

    Polls: `sensors` (K2), `state` (V), `crystals` (PA), `outputs` (K1).
    """

    LIMITS = LIMITS
    CHANNELS = (2, 4)
    SETTINGS: ClassVar[Mapping[str, str]] = {
        **SENSORS_SETTING,
        "firmware": "profile to use when the unit's version is not known here: 6.01 or 6.65",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        forced = settings.get("firmware")
        if forced is not None and forced not in PHASES:
            raise OperatorError(f"instrument {name}: setting 'firmware' wants {' or '.join(PHASES)}, found {forced!r}.")
        self._forced_profile: str | None = forced
        self._framing = SyconFraming()
        self._requests: dict[str, bytes] = {}
        self.power_percent = {n: Tag(f"{name}.power_{n}_percent", "%") for n in LIMITS.outputs}
        self.deviation_percent = {n: Tag(f"{name}.deviation_{n}_percent", "%") for n in LIMITS.outputs}
        self.phase = Tag(f"{name}.phase", "")
        self.elapsed_s = Tag(f"{name}.elapsed_s", "s")
        self.process = Tag(f"{name}.process", "")
        self.layer = Tag(f"{name}.layer", "")
        self.mode = Tag(f"{name}.mode", "")
        sensors, crystals = self.polls
        state_tags = (self.phase, self.elapsed_s, self.process, self.layer, self.mode)
        output_tags = (*self.power_percent.values(), *self.deviation_percent.values())
        self.polls = [
            sensors,
            Poll(f"{name}.state", state_tags, self._read_state),
            crystals,
            Poll(f"{name}.outputs", output_tags, self._read_outputs, 5.0),
        ]
        self.supervision = (self.polls[1], self.polls[3])
        self._phases = STABLE_PHASES
        self._state_fields: tuple[int, ...] = (4, 5)
        self._state_request = "V?"
        self._k2 = pack(b"K2")
        self._no_signal = {n: (Flaw(f"no crystal signal on sensor {n}"),) * 3 for n in self._numbers}
        self._sensors_text: bytes | None = None
        self._sensors_values: Answer = ()

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: Link) -> Identity:
        """`@`: model and version (P1B p83)."""
        match = self._who(link, "SQC-310", r"(SQC-?310C?(?: 2MB)?) Ver (\S+)")
        return Identity(model=match[1], firmware=match[2])

    def prepare(self, link: Link) -> None:
        """Number of channels (J) and the firmware's profile; writes nothing."""
        self._find_channels(link)
        firmware = self.identity.firmware if self.identity is not None else ""
        profile = firmware if firmware in PHASES else self._forced_profile
        self._sensors_text = None
        if profile is not None:
            self._phases = PHASES[profile]
            self._state_fields = (4,) if profile == "6.01" else (5,)
            self._state_request = "V" if profile == "6.01" else "V?"
            return
        self._phases, self._state_fields = STABLE_PHASES, (4, 5)
        self.remarks.append(
            f"firmware {firmware or 'unknown'} is not known here: only run states that all known versions share are "
            f"named. Set 'firmware' to {' or '.join(PHASES)} if its manual shows that list."
        )
        try:
            self._state_request = "V?"
            self._ask(link, "V?")
        except IllegalCommand:
            self._state_request = "V"

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_sensors(self, link: Link) -> Answer:
        """K2: time, then rate (Å/s), thickness (kÅ), frequency (Hz) of every sensor (P1C p111)."""
        data = link.exchange(self._k2, self._framing, self.DEADLINE_S)
        if data[0] != 65:  # "A"
            self._refused(data, "K2")
        # The time field goes on while the crystals' figures stay for their 0.25 s period: nothing new, same tuple.
        text = data.partition(b" ")[2]
        if text == self._sensors_text:
            return self._sensors_values
        fields = text.split(b" ")
        if len(fields) != 3 * self._channels or text.translate(None, _NUMERIC):
            raise BadFrame(f"K2 wants {3 * self._channels} numbers after the time", data)
        values: list[Value | Flaw] = []
        try:
            for n in self._numbers:
                at = 3 * n - 3
                hz = float(fields[at + 2])
                if hz > 0.0:
                    values += (hz, float(fields[at]) / ANGSTROM_PER_NM, float(fields[at + 1]) * NM_PER_KILOANGSTROM)
                else:
                    values += self._no_signal[n]
        except ValueError:
            raise BadFrame("K2 holds something that is no number", data) from None
        self._sensors_text = text
        self._sensors_values = result = tuple(values)
        return result

    def _read_state(self, link: Link) -> Answer:
        """V: phase, elapsed seconds, process, layer and, on later firmware, mode (P1B p97, P1C p116)."""
        fields = self._numbers_of(self._ask(link, self._state_request), self._state_fields, "V")
        code, elapsed_s, process, layer = fields[:4]
        mode: Value | Flaw = Flaw("this firmware does not say")
        if len(fields) == 5:
            mode = "automatic" if fields[4] == 1 else "manual"
        return (self._phases.get(int(code), f"unknown({int(code)})"), elapsed_s, int(process), int(layer), mode)

    def _read_crystals(self, link: Link) -> Answer:
        """PA: status, frequency, life left in % (100 new, 0 dead) of each sensor (P1C p113)."""
        values: list[Value | Flaw] = []
        for n in self._numbers:
            _, hz, life = self._numbers_of(self._ask(link, f"PA{n}"), (3,), "PA")
            values.append(life if hz > 0.0 else Flaw(f"no crystal signal on sensor {n}", value=life))
        return tuple(values)

    def _read_outputs(self, link: Link) -> Answer:
        """K1: time, then rate, deviation, thickness, power of every output; -1 four times = not used (P1C p111)."""
        fields = self._numbers_of(self._ask(link, "K1"), (1 + 4 * self._channels,), "K1")
        powers: list[Value | Flaw] = []
        deviations: list[Value | Flaw] = []
        for n in self.power_percent:
            of_output = fields[4 * n - 3 : 4 * n + 1]
            used = of_output != [-1.0] * 4
            powers.append(of_output[3] if used else Flaw(f"output {n} is not used"))
            deviations.append(of_output[1] if used else Flaw(f"output {n} is not used"))
        return (*powers, *deviations)

    # --- film data ---------------------------------------------------------------------------------------------

    def set_film(
        self, slot: int, density_g_per_cm3: float, z_factor: float, tooling_percent: Mapping[int, float]
    ) -> Act:
        """Write material `slot` and the crystals' tooling, choose process `slot`; each is read back and compared.

        Density is rounded to 0.01 g/cm3 and the Z-factor to 0.001, as the unit holds them: reckon with
        `rounded_density` and `rounded_z_factor`. Tooling must be a whole per cent. slot: 1..50 (T, P1C p114).
        Raises OperatorError for values the unit cannot hold. The act fails with WrongMode while a process runs.
        """
        self._judge_film(slot, density_g_per_cm3, z_factor, tooling_percent)
        sent = [
            (f"F{slot}? 2", f"F{slot} 2,", round(density_g_per_cm3 * 100)),
            (f"F{slot}? 3", f"F{slot} 3,", round(z_factor * 1000)),
        ]
        sent += [(f"HA{sensor}? 1", f"HA{sensor} 1,", round(tooling)) for sensor, tooling in tooling_percent.items()]

        def do(link: Link) -> None:
            for ask, write, wanted in sent:
                self._ask(link, f"{write}{wanted}")
                said = self._ask(link, ask)
                held = said.removeprefix("1,") if write.startswith("HA") else said
                if held.strip() != str(wanted):
                    raise InstrumentError(
                        f"{self.name}: '{write}{wanted}' was acknowledged, but '{ask}' reads '{said.strip()}'. "
                        "Set this value at the unit and compare its display."
                    )
            self._ask(link, f"T{slot}")

        return self.post("set_film", do, within_s=5.0)

    def set_layer(self, slot: int, layer: ControlledLayer) -> Act:
        """Write film `slot` and layer `slot` for control by the unit; each number is read back and compared.

        Film: control terms, material, conditioning, control error (A2, A3, A4: P1B p83-84); layer: rate and final
        thickness (D: SQC-300 manual p73). Rounded to the unit's steps: power 0.1 %, times 1 s (I and D term 0.1 s),
        rate 0.01 Å/s, thickness 1 Å. Then process `slot` must hold layer `slot` and no other (C, P1B p86). What a
        layer has beyond that (most power, slew, film, output) is set at the unit: see `facts.UNSETTLED`.
        Raises OperatorError for values the unit cannot hold; the act fails with WrongMode while a process runs, and
        with InstrumentError where the unit holds something else.
        """
        self.LIMITS.slot.judge(f"{self.name}: film slot", slot)
        groups = layer_groups(self.name, slot, layer)

        def do(link: Link) -> None:
            for group in groups:
                self._ask(link, group.request)
                self._compare(link, group)
            for number, what, wanted in ((2, "number of layers", 1), (3, "first layer", slot)):
                said = self._ask(link, f"C{slot}? {number}")
                if said != str(wanted):
                    raise InstrumentError(
                        f"{self.name}: {what} of process {slot} is {said}, wanted {wanted}. Set process {slot} up "
                        f"at the unit with layer {slot} alone, made of film {slot}."
                    )

        return self.post("set_layer", do, within_s=5.0)

    def _compare(self, link: Link, group: Group) -> None:
        """Read a group of parameters back."""
        held = numbers_in_pairs(self._ask(link, group.question), group.question)
        for number, wanted in group.values.items():
            if held.get(number) != wanted:
                raise InstrumentError(
                    f"{self.name}: '{group.request}' was acknowledged, but parameter {number} reads {held.get(number)}"
                    f", not {wanted}. Set it at the unit and compare its display."
                )

    def zero_thickness(self) -> Act:
        """U32: displayed thickness to zero (P1B p97)."""
        return self._run("zero_thickness", "U32")

    def zero_time(self) -> Act:
        """U33: displayed time to zero (P1B p97)."""
        return self._run("zero_time", "U33")

    # --- the unit's own process (U, P1B p97); never repeated by itself, U2 and U4 would act twice ---------------

    def start_process(self) -> Act:
        """U0: start the chosen process."""
        return self._run("start_process", "U0")

    def stop_process(self) -> Act:
        """U1: stop the process. SAFE."""
        return self._run("stop_process", "U1", SAFE)

    def start_layer(self) -> Act:
        """U2: start the layer."""
        return self._run("start_layer", "U2")

    def stop_layer(self) -> Act:
        """U3: stop the layer. SAFE."""
        return self._run("stop_layer", "U3", SAFE)

    def next_layer(self) -> Act:
        """U4: go to the next layer."""
        return self._run("next_layer", "U4")

    def force_final_thickness(self) -> Act:
        """U5: take the final thickness as reached."""
        return self._run("force_final_thickness", "U5")

    def hold_soak(self, on: bool) -> Act:
        """U38, U39: let a layer wait after soak 2, or let it go on (see UNSETTLED: soak hold)."""
        return self._run("hold_soak", "U38" if on else "U39")

    def set_power(self, output: int, power_percent: float) -> Act:
        """S: power of one output, 0..100 % in steps of 0.1 %. Zero is a SAFE act.

        Puts EVERY output of the unit in manual, the others at their present power (P1C p114);
        `release_power` undoes it.
        """
        if output not in self.power_percent:
            raise OperatorError(
                f"{self.name}: no output {output}; there are {', '.join(map(str, self.power_percent))}."
            )
        POWER.judge(f"{self.name}: power", power_percent)
        tenths = round(power_percent * 10)
        return self._run(f"set_power_{output}", f"S{output} {tenths}", COMMAND if tenths else SAFE)

    def release_power(self) -> Act:
        """S0: all outputs back to the unit's control loop (P1C p114)."""
        return self._run("release_power", "S0")

    # --- the exchange ------------------------------------------------------------------------------------------

    def _run(self, name: str, command: str, priority: int = COMMAND) -> Act:
        def do(link: Link) -> None:
            self._ask(link, command)

        return self.post(name, do, priority=priority)

    def _ask(self, link: Link, command: str) -> str:
        """One command; its data as text (latin-1: nothing is lost), blanks at the ends gone; other statuses raise."""
        request = self._requests.get(command)
        if request is None:
            request = self._requests[command] = pack(command.encode("ascii"))
        data = link.exchange(request, self._framing, self.DEADLINE_S)
        if data[0] != 65:  # "A"
            self._refused(data, command)
        return data[1:].decode("latin-1").strip()

    def _refused(self, data: bytes, command: str) -> None:
        """Raise what the status letter means."""
        known = STATUS.get(data[0])
        if known is None:
            raise BadFrame(f"status {chr(data[0])!r} is not one of A to G", data)
        raise known[0](f"{self.name}: asked '{command}', the monitor {known[1]}.")

    @staticmethod
    def _numbers_of(text: str, counts: tuple[int, ...], what: str) -> list[float]:
        """The blank-separated plain numbers of an answer; as many as one of `counts`."""
        fields = text.split()
        if len(fields) not in counts or not all(re.fullmatch(r"-?\d+(\.\d+)?", f, re.ASCII) for f in fields):
            raise BadFrame(f"{what} wants {' or '.join(map(str, counts))} numbers", text.encode("latin-1"))
        return [float(f) for f in fields]
