"""The SQC-310's facts: run states, status letters, limits, and what no source settles.

P1B = Operating Manual IPN 074-550-P1B (2012, firmware 6.01), P1C = PN 074-550-P1C (later firmware), DLS = EPICS module
of Diamond Light Source with traffic of a real SQC-310C, firmware "2MB Ver 6.65"; pages are pages of the file.
"""

from collections.abc import Mapping

from pvdctl.errors import InstrumentError, LinkError, Restarted
from pvdctl.instrument.monitor_limits import MonitorLimits, Range

UNSETTLED: Mapping[str, str] = {
    "thickness unit": "N, O and K2 are taken as kÅ: inferred from three decimals = 1 Å and the manual's formula"
    " (P1C p168); DLS labels its record Å",
    "material, process": "set_film writes material n and chooses process n: that a unit as delivered links process n"
    " to layer n, film n and material n is a guess; set the unit up so (set_layer writes film n's material)",
    "sets while a process runs": "whether they are allowed is unknown; a refusal (status E) fails the act",
    "PA status 0": "'inactive' comes with a good frequency in the manual's own example (P1C p113), so it is taken as"
    " 'not used by a running process'; life counts as unknown only without a frequency",
    "limits": "density, Z-factor and tooling limits are those of the sibling SQM-160 (IPN 074-511-P1C); the SQC-310's"
    " page is not available",
    "HA get": "answer `1,<value> ` confirmed by DLS for sensor 1, parameter 1; for the other sensors by analogy",
    "product of toolings": "film, crystal and system tooling multiply: inferred; only the crystal tooling is written",
    "layer scalings": "A2.3 times 10 s, A3 powers times 10 and times in s, A4 in % and s, D.1 times 100 Å/s, D.2 in Å:"
    " no source gives them. They are read back, which proves the number and not its meaning: compare the unit's display"
    " with the chamber file before the first run under its control",
    "control error": "A4.3 = 0 ignores, 1 stops the layer, 2 is timed power: the order is inferred from the sister"
    " SQS-242 (074-551-P1A p. 47)",
    "rate sampling": "A4.5 = 0 is continuous sampling: inferred, the numbers 0 to 2 alone are documented",
    "soak hold": "U38 makes a layer wait after soak 2, in phase 'soak hold', until U39: the words alone are documented"
    " (P1B p97)",
    "layer of a film": "which number of D chooses the film, most and least power, slew, alarms, output and sensor of a"
    " layer is not documented: set these at the unit. Written and read back are the film (A2, A3, A4), its material"
    " (A2.4), rate and final thickness (D.1, D.2); checked is that process n holds layer n alone (C.2, C.3)",
    "manual power": "S puts every output in manual (P1C p114), so a layer under control is never touched with it",
    "K1 of two outputs": "nine fields inferred from the seventeen of a four-output unit (P1C p111)",
    "V form": "`V` on 6.01 (P1B p97), `V?` on 6.65 (P1C p116); an unknown version is asked both ways",
    "retry after 3 s": "P1C p85 advises it; here a lost answer makes the worker identify the unit again instead",
    "status B": "whether data follows it is not said; it is treated as a restart either way",
}
"""Everything this driver takes to be so without a manual page or a capture that says it: fact -> what is assumed."""

STABLE_PHASES: Mapping[int, str] = {
    0: "stopped",
    1: "crystal verify",
    2: "initialise layer",
    3: "manual start layer",
    4: "crystal rotate",
    5: "pocket rotate",
    6: "precondition",
    7: "ramp 1",
    8: "soak 1",
    9: "ramp 2",
    10: "soak 2",
    11: "soak hold",
    12: "shutter delay",
    13: "deposit",
    14: "rate ramp",
    16: "timed power",
    19: "crystal switch",
    20: "feed ramp",
    21: "feed soak",
    22: "idle ramp",
    24: "crystal fail",
    25: "stop layer",
    26: "manual power",
}
"""Run states that mean the same in every list (P1B p97, P1C p116, SQC-300 manual p80)."""

PHASES: Mapping[str, Mapping[int, str]] = {
    "6.01": {  # P1B p97
        **STABLE_PHASES,
        15: "rate ramp deposit",
        17: "rate sample hold",
        18: "rate sample",
        23: "start next layer",
        27: "sensor feedback time-out",
        28: "source feedback time-out",
        29: "invalid crystal",
        30: "invalid pocket position",
        31: "sample hold",
        32: "sample continuous",
        33: "crystal fail, halted",
        34: "next crystal",
    },
    "6.65": {  # P1C p116
        **STABLE_PHASES,
        17: "rate sample hold",
        18: "rate sample",
        27: "sensor feedback time-out",
        28: "source feedback time-out",
        31: "invalid crystal",
        32: "invalid pocket position",
        33: "sample hold",
        34: "sample continuous",
        35: "crystal fail, halted",
        36: "next crystal",
        37: "rate sample shutter delay",
        46: "control delay",
        47: "sensor shutter error",
        48: "source shutter error",
    },
}
"""Run-state tables by firmware generation."""

_POWER, _TIME = Range(0, 100, "%"), Range(0, 9999, "s")
LIMITS = MonitorLimits(
    slot=Range(1, 50, step=1),
    density_g_per_cm3=Range(0.50, 99.99, "g/cm3"),
    z_factor=Range(0.100, 9.999),
    tooling_percent=Range(10, 399, "%", step=1),
    layer={
        "p_term": Range(1, 9999),
        "i_term_s": Range(0, 999.9, "s"),
        "d_term_s": Range(0, 99.9, "s"),
        "ramp_1_percent": _POWER,
        "ramp_1_s": _TIME,
        "soak_1_s": _TIME,
        "ramp_2_percent": _POWER,
        "ramp_2_s": _TIME,
        "soak_2_s": _TIME,
        "control_error_percent": Range(1, 99, "%"),
        "rate_nm_per_s": Range(0.001, 99.99, "nm/s"),
        "final_thickness_nm": Range(0.1, 99999.0, "nm"),
    },
    outputs=(1, 2),
)
"""Slots: T, P1C p114. Film: limits of the SQM-160 (see UNSETTLED: limits); density and Z-factor are rounded, see
`rounded_density`. Layer: widths of the fields on the unit's screens where those were seen, else guesses; only power's
is certain."""


class IllegalCommand(InstrumentError):
    """Status C: the unit does not know the command (P1B p82)."""


class IllegalData(InstrumentError):
    """Status D: the unit knows the command and refuses its data (P1B p82)."""


class WrongMode(InstrumentError):
    """Status E: not now, for instance a process runs (P1B p82)."""


class RequestDamaged(LinkError):
    """Status F: the request reached the unit with a wrong checksum (DLS)."""


class AnswerTooLong(InstrumentError):
    """Status G: the answer would not fit one packet (DLS)."""


STATUS: Mapping[int, tuple[type[InstrumentError] | type[LinkError], str]] = {
    ord("B"): (Restarted, "was reset since the last request; its film and process must be set again"),
    ord("C"): (IllegalCommand, "does not know this command (status C). Check model and firmware"),
    ord("D"): (IllegalData, "refuses the data of this command (status D). Check number and value"),
    ord("E"): (WrongMode, "cannot do this now (status E). Stop the process it runs, or wait for it"),
    ord("F"): (RequestDamaged, "received a damaged request (status F). Check the cable if it comes again"),
    ord("G"): (AnswerTooLong, "has more to say than fits one packet (status G). Ask for less at once"),
}
