"""The recipe file as typed data: what is to be made, step by step."""

from typing import Annotated, Literal

from pydantic import Field

from pvdctl.chamber.base import Mbar, Model, Name, Nm, NmPerS, Percent, Sccm, Seconds

Reaction = Literal["hold", "stop", "timed_power", "switch_crystal"]
"""hold: shutters closed, source to standby, wait for a person. stop: end the run under control. timed_power: go on at
the last good current and count by time. switch_crystal: go on with the next crystal of the chamber."""


class PumpDown(Model):
    """Pump the chamber from wherever it is to below a pressure: rough, crossover, turbo, gate valve."""

    do: Literal["pump_down"]
    name: Name
    below_mbar: Mbar = Field(gt=0)
    within_s: Seconds = Field(gt=0)


class Deposit(Model):
    """Deposit one film."""

    do: Literal["deposit"]
    name: Name
    film: Name
    thickness_nm: Nm = Field(gt=0)
    rate_nm_per_s: NmPerS = Field(gt=0)
    tolerance_percent: Percent = Field(gt=0, le=100)
    """Band around the rate that counts as in band."""
    in_band_for_s: Seconds = Field(gt=0)
    """The rate must stay in band this long before the substrate shutter opens."""
    qualify_within_s: Seconds = Field(gt=0)
    """Deadline from opening the source shutter to opening the substrate shutter; then `on_rate_error`."""
    rate_error_after_s: Seconds = Field(gt=0)
    """With the substrate shutter open, out of band this long is a rate error."""
    on_rate_error: Literal["hold", "stop"]
    on_crystal_fail: Reaction
    on_lost_reading: Literal["hold", "stop", "timed_power"]
    thickness_tolerance_percent: Percent | None = Field(default=None, gt=0, le=100)
    """How far the film may be off its thickness, by the crystal's reading at the end; changes nothing in the process,
    but the layer says whether it was kept. Without it the deviation is told and not judged."""

    def in_tolerance(self, read_nm: float) -> bool | None:
        """Whether a film of this reading is of its thickness; None where the recipe gives no tolerance.

        The bound itself is within: a billionth of it makes up for the rounding of decimal fractions.
        """
        if self.thickness_tolerance_percent is None:
            return None
        allowed_nm = self.thickness_tolerance_percent / 100.0 * self.thickness_nm
        return abs(read_nm - self.thickness_nm) <= allowed_nm * (1.0 + 1e-9)


class CoolDown(Model):
    """Sources off, shutters closed; wait until every source counts as cold (chamber file: cold_after)."""

    do: Literal["cool_down"]
    name: Name
    at_least_s: Seconds = Field(default=0.0, ge=0)
    within_s: Seconds = Field(gt=0)


class Backfill(Model):
    """Fill the chamber with a gas and leave it for a time.

    duration_starts says what the duration counts from, because "3 min at 500 mbar" can mean either: `at_pressure` (the
    fill is not counted) or `at_first_gas` (it is).
    """

    do: Literal["backfill"]
    name: Name
    gas: Name
    pressure_mbar: Mbar = Field(gt=0)
    tolerance_mbar: Mbar = Field(gt=0)
    """Accepted overshoot, and how far the pressure may sag (gas cooling after the fill) before an alarm."""
    duration_s: Seconds = Field(gt=0)
    duration_starts: Literal["at_pressure", "at_first_gas"]
    within_s: Seconds = Field(gt=0)
    """Deadline of the fill."""
    flow_sccm: Sccm | None = Field(default=None, gt=0)
    """Fill by the gas' flow controller at this flow; without it by the open valve (a controller then stands at its
    greatest flow)."""


class Evacuate(Model):
    """Pump gas out with the roughing pump, gate valve closed."""

    do: Literal["evacuate"]
    name: Name
    below_mbar: Mbar = Field(gt=0)
    within_s: Seconds = Field(gt=0)


class Vent(Model):
    """Vent to atmosphere; only with every source cold."""

    do: Literal["vent"]
    name: Name
    gas: Name
    to_mbar: Mbar = Field(gt=0)
    within_s: Seconds = Field(gt=0)


class Wait(Model):
    """Do nothing for a time."""

    do: Literal["wait"]
    name: Name
    duration_s: Seconds = Field(gt=0)


class Prompt(Model):
    """Ask the operator. A headless run never waits: it must be told the answer beforehand, or the recipe is refused."""

    do: Literal["prompt"]
    name: Name
    message: str = Field(min_length=1)
    answers: list[str] = Field(min_length=1)
    """Accepted answers; the first lets the recipe go on."""
    within_s: Seconds = Field(gt=0)


Step = Annotated[PumpDown | Deposit | CoolDown | Backfill | Evacuate | Vent | Wait | Prompt, Field(discriminator="do")]


class Recipe(Model):
    """A whole recipe file."""

    recipe: Name
    version: str
    title: str
    source: str = ""
    """Where the process comes from, such as a DOI."""
    steps: list[Step] = Field(min_length=1)
    auto_resume_within_s: Seconds = Field(default=0.0, ge=0)
    """A suspension (outside cause) that ends within this resumes by itself; 0 s: never, it becomes a hold."""
    after_hold_too_long: Literal["stop", "stay"] = "stop"
    """What to do when a source has been at standby longer than the chamber allows."""
