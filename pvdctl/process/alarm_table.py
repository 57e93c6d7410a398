"""The alarms that the controller itself raises: what each means and what a person should do.

Interlock rules bring their own texts in the chamber file. An alarm is only here because somebody must respond to it;
what needs no response is an event. Priorities follow what is lost without a response: `critical`, people or the chamber
are no longer known to be safe; `high`, the sample; `medium`, the quality of the sample or the rest of the day.
"""

from typing import Final, Literal, NamedTuple


class BuiltinAlarm(NamedTuple):
    """Texts of one alarm: why it comes, what follows if nobody responds, what to do."""

    priority: Literal["low", "medium", "high", "critical"]
    cause: str
    consequence: str
    response: str


BUILTIN: Final[dict[str, BuiltinAlarm]] = {
    "rate_error": BuiltinAlarm(
        "high",
        "The deposition rate has left its band for longer than the recipe allows.",
        "The film's structure and the mixture of its layers are not what was asked; the recipe says what happens next.",
        "Look at rate, current and crystal: spitting, an empty or bridging boat, a failing crystal? Hold or stop.",
    ),
    "crystal_fail": BuiltinAlarm(
        "high",
        "The monitor reads no frequency from the crystal, or one that no film can explain.",
        "Thickness and rate are no longer measured; the step does what its recipe says.",
        "Go on with another crystal if there is one, else stop and change the crystal before the next run.",
    ),
    "crystal_life": BuiltinAlarm(
        "medium",
        "The crystal has less life left than the coming film needs.",
        "It may fail in the middle of the film.",
        "Change the crystal before this film, or switch to another sensor.",
    ),
    "lost_reading": BuiltinAlarm(
        "high",
        "A reading that the running step depends on is missing, too old or marked bad by its instrument.",
        "The step cannot be controlled; it does what its recipe says.",
        "Check instrument, cable and power; see the reason given with the reading. Unhold when it is back.",
    ),
    "actuator_failed": BuiltinAlarm(
        "high",
        "A valve or shutter has not reached its end switch in time.",
        "What it should let through or shut off is not known; steps that need it do not go on.",
        "Listen and look: compressed air, jammed flag, switch out of place? Do not open the chamber on its word.",
    ),
    "step_deadline": BuiltinAlarm(
        "high",
        "A step of the recipe, or a wait in it, has taken longer than its limit.",
        "The run is held; a hot source waits at its standby current.",
        "Find what it waited for in the text, mend it, then unhold or stop.",
    ),
    "step_refused": BuiltinAlarm(
        "high",
        "An instrument's driver has refused what a step asked of it: it lies outside what the instrument can do.",
        "The step cannot go on as the recipe and the chamber file have it; the run is held.",
        "Read the text, mend the recipe or the chamber file, and stop this run.",
    ),
    "hold_too_long": BuiltinAlarm(
        "high",
        "A hold or suspension with a hot source has lasted as long as this source may wait.",
        "Charge evaporates onto the shutter, and lithium gathers residual gas; the recipe decides what happens next.",
        "Unhold if the cause is mended, else stop.",
    ),
    "safe_state_not_confirmed": BuiltinAlarm(
        "critical",
        "After an abort, not every output has been read back as safe.",
        "A source may still have power, or a shutter or valve may be open; the unit stays in Aborting.",
        "Switch the source supply off by hand, look at shutters and valves, and keep the door closed.",
    ),
    "source_depleted": BuiltinAlarm(
        "high",
        "The source's current is at its limit, and the rate still is below what was asked.",
        "The boat is empty or nearly so; more current would burn it, the film stays too thin.",
        "Stop, let the source cool, weigh the charge and refill. Check the recipe's material estimate.",
    ),
    "boat_open": BuiltinAlarm(
        "high",
        "The supply is at its voltage limit and almost no current flows.",
        "The boat or a clamp is open: this source cannot be heated any more.",
        "Stop, let it cool, vent as for this material, then change the boat and check its clamps.",
    ),
    "fill_error": BuiltinAlarm(
        "high",
        "The pressure does not rise as it should while gas is let in.",
        "The exposure does not reach its pressure, or not in time; the gas valve closes.",
        "Check gas supply and inlet valve; if pressure rises with the valve shut, look for a leak.",
    ),
    "dose_pressure": BuiltinAlarm(
        "high",
        "The pressure has left its band during an exposure to gas.",
        "The dose differs from the recipe's; the reaction goes on meanwhile, with or without a hold.",
        "Check inlet, gate valve and gas supply; decide from the recorded dose whether the sample is of use.",
    ),
    "link_lost": BuiltinAlarm(
        "high",
        "An instrument no longer answers.",
        "Its readings are bad, interlocks that need them trip, and what it drives cannot be commanded.",
        "Check power and cable of the instrument named; it is set up anew by itself once it answers.",
    ),
    "record_failed": BuiltinAlarm(
        "critical",
        "The record of this run cannot be written.",
        "Nothing new is started and the process is held, so that nothing happens unrecorded.",
        "Free disk space or mend the disk, then unhold or stop. What was recorded before stays readable.",
    ),
    "supply_mismatch": BuiltinAlarm(
        "critical",
        "The source supply's read-back differs from what it was told.",
        "The boat may get more or less current than is reckoned with, or current when it should have none.",
        "Abort if the source should be off. Check remote mode, limits and the routing between the boats.",
    ),
    "readings_disagree": BuiltinAlarm(
        "medium",
        "Two readings of the same thing differ by more than their errors allow.",
        "One of the instruments is wrong, and what depends on it may be too.",
        "Find out which is wrong (gauge zero, gas type, tooling, crystal) before the result is used.",
    ),
    "turbo_error": BuiltinAlarm(
        "high",
        "The turbo pump reports an error, or has lost its speed.",
        "The chamber is no longer pumped; the gate valve closes and sources go off.",
        "Read the error code in the text, check cooling and foreline; let the pump stand still before a restart.",
    ),
}
"""By name. Raised through `Alarms.announce`."""
