"""What a simulation of a recipe came to, marked as one throughout."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pvdctl.tui import words
from pvdctl.tui.recipe_page import Facts, Page

MARK = (" SIMULATED ", "bold reverse cyan")


def outcome(page: Page) -> RenderableType:
    """Going on, come to nothing, done, or not asked for yet."""
    if page.simulating is not None:
        lasted = words.duration(page.simulating.now_s)
        return Text.assemble(
            MARK, f" {page.name} is being simulated on a copy of this chamber … {lasted} (x gives it up)"
        )
    if page.not_simulated:
        return Text.assemble(MARK, (f" no simulation of {page.name}: {page.not_simulated}", "bold yellow"))
    if page.passed is False:
        return Text("No simulation: the recipe has errors.", "yellow")
    if page.result is None:
        return Text("Not simulated yet: m makes it on a simulated copy of this chamber; nothing real moves.", "dim")
    return _done(page.result, page)


def _done(result: Facts, page: Page) -> RenderableType:
    recipe = result["recipe"]
    head = Text.assemble(MARK, f" {recipe['name']} {recipe['version']}: ", words.state(result["end_state"]))
    if result["end_reason"]:
        head.append(f", {result['end_reason']}")
    head.append(f"\n{words.duration(result['duration_s'])} of the chamber's time, seed {result['seed']}", "dim")
    if page.answers:
        given = ", ".join(f"{prompt}: {answer}" for prompt, answer in page.answers.items())
        head.append(f"; answers given beforehand: {given}", "dim")
    parts: list[RenderableType] = [head]
    if result["layers"]:
        parts.append(_layers(result["layers"]))
    parts += [_exposure(exposure) for exposure in result["exposures"]]
    parts += [
        Text(f"predicted: {words.number(film['thickness_nm'], 0, 'nm')} {film['name']}")
        for film in result["predicted_films"]
    ]
    parts += _alarms(result["alarms"])
    return Group(*parts)


def _layers(layers: Sequence[Facts]) -> Table:
    """Thicknesses, nm: wanted, read by the crystal, and true, which only a simulation knows."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    made.add_column("layer", no_wrap=True)
    for title in ("wanted", "read", "true nm", "error", "nm/s"):
        made.add_column(title, justify="right", no_wrap=True)
    for layer in layers:
        target, true = layer.get("target_nm"), layer.get("true_nm")
        off = f"{100.0 * (true / target - 1.0):+.1f} %" if target and true is not None else words.UNKNOWN
        name = f"{layer.get('name', '')} {layer.get('film', '')}"
        made.add_row(
            name, words.number(target), words.number(layer.get("read_nm")),
            words.number(true), off, words.number(layer.get("rate_mean_nm_s"), 3),
        )  # fmt: skip
    return made


def _exposure(exposure: Facts) -> Text:
    return Text(
        f"{exposure.get('gas', '')}: {words.number(exposure.get('peak_mbar'), 0, 'mbar')} at most, held "
        f"{words.duration(exposure.get('hold_s'))}, dose {words.number(exposure.get('dose_mbar_s'), 0, 'mbar s')}"
    )


def _alarms(alarms: Sequence[Facts]) -> list[RenderableType]:
    if not alarms:
        return [Text("no alarms", "dim")]
    told: list[RenderableType] = []
    for alarm in alarms:
        shape = words.PRIORITY_SHAPES.get(alarm["priority"], "!")
        first = " (first)" if alarm.get("first_out") else ""
        at = words.duration(alarm["raised_s"])
        told.append(Text(f"{shape} at {at} {alarm['name']}{first}: {alarm['text']}", "bold yellow"))
    return told
