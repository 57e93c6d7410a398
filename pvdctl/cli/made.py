"""Tables of what a run made: layers, gas exposures, predicted films. Shown by `simulate` at its end and by `show`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pvdctl.cli.screen import number, plain, signed, table

if TYPE_CHECKING:
    from rich.table import Table

Facts = dict[str, Any]


def layers_table(layers: Sequence[Facts]) -> "Table":
    """True thicknesses are those of a simulated plant; a real chamber cannot tell, so the columns are not there."""
    true = any(layer.get("true_nm") is not None for layer in layers)
    judged = any(layer.get("thickness_tolerance_percent") is not None for layer in layers)
    made = table(
        ("layer", "left"),
        ("film", "left"),
        ("target\nnm", "right"),
        ("read\nnm", "right"),
        *((("true\nnm", "right"), ("error\n%", "right")) if true else ()),
        *((("within\n%", "left"),) if judged else ()),
        ("rate\nnm/s", "right"),
        ("sd\nnm/s", "right"),
        ("in band\ns", "right"),
        ("over\n%", "right"),
    )
    for layer in layers:
        made.add_row(
            plain(layer.get("name", "")),
            plain(layer.get("film", "")),
            number(layer.get("target_nm"), 1),
            number(layer.get("read_nm"), 1),
            *((number(layer.get("true_nm"), 1), signed(error_percent(layer), 2)) if true else ()),
            *((_tolerance(layer),) if judged else ()),
            number(layer.get("rate_mean_nm_s"), 3),
            number(layer.get("rate_sd_nm_s"), 3),
            number(layer.get("time_to_band_s"), 1),
            number(layer.get("overshoot_percent"), 1),
        )
    return made


def _tolerance(layer: Facts) -> str:
    """The recipe's tolerance of the thickness, and whether it was kept; empty where there is none."""
    tolerance = layer.get("thickness_tolerance_percent")
    if tolerance is None:
        return ""
    word = {True: "yes", False: "[bold magenta]NO[/]", None: "not judged"}[layer.get("in_tolerance")]
    return f"{tolerance:g} {word}"


def error_percent(layer: Facts) -> float | None:
    """How far the plant's true thickness is from the target; None where the truth is not known."""
    true_nm, target_nm = layer.get("true_nm"), layer.get("target_nm")
    return 100.0 * (true_nm / target_nm - 1.0) if true_nm is not None and target_nm else None


def exposures_table(exposures: Sequence[Facts]) -> "Table":
    """Gas doses as the gauge read them."""
    made = table(
        ("gas", "left"),
        ("target\nmbar", "right"),
        ("peak\nmbar", "right"),
        ("held\ns", "right"),
        ("dose\nmbar s", "right"),
    )
    for exposure in exposures:
        made.add_row(
            plain(exposure.get("gas", "")),
            number(exposure.get("target_mbar"), 1),
            number(exposure.get("peak_mbar"), 1),
            number(exposure.get("hold_s"), 0),
            number(exposure.get("dose_mbar_s"), 0),
        )
    return made


def films_table(films: Sequence[Facts]) -> "Table":
    """Films that should be found after the reactions, with what the prediction rests on."""
    made = table(("predicted film", "left"), ("nm", "right"), ("basis", "left"))
    for film in films:
        made.add_row(plain(film.get("name", "")), number(film.get("thickness_nm"), 0), plain(film.get("basis", "")))
    return made


def alarms_table(alarms: Sequence[Facts]) -> "Table":
    """Alarms, the first of a cascade marked, each with what to do."""
    made = table(("at", "right"), ("alarm", "left"), ("what happened, and what to do", "left"), title="alarms")
    for alarm in alarms:
        first = " (first)" if alarm.get("first_out") else ""
        times = f", {alarm['count']} times" if alarm.get("count", 1) > 1 else ""
        made.add_row(
            f"{alarm['raised_s']:.0f} s",
            f"{plain(alarm['name'])}\n{plain(alarm['priority'])}{first}{times}",
            f"{plain(alarm['text'])}\n[bold]do:[/] {plain(alarm['response'])}",
        )
    return made
