"""How a recipe's time is spent: its steps as bars to scale."""

from rich.text import Text

from pvdctl.service.answers import Checked
from pvdctl.service.messages import RecipeStep
from pvdctl.tui import words
from pvdctl.tui.drawing import short
from pvdctl.tui.recipe_page import charge

EIGHTHS = " ▏▎▍▌▋▊▉"
FULL = "█"
LEAST_BAR = 10
"""Columns below which bars tell nothing."""
WHAT_FROM = 78
"""From this width on there is room to say what a step makes."""
WHAT = 24


def timeline(checked: Checked, width: int) -> Text:
    """A line for each step, a scale, and what is used. width: columns there are."""
    if not checked.passed:
        return Text("No time line: the recipe has errors.", "yellow")
    total_s = sum(step.expected_s for step in checked.steps)
    name_width = min(18, max((len(step.name) for step in checked.steps), default=1))
    what_width = WHAT if width >= WHAT_FROM else 0
    left = 3 + name_width + 1 + what_width + 8 + 1
    room = max(LEAST_BAR, width - left)
    told = Text.assemble(("Time line: ", "bold"), f"about {words.duration(total_s)}, {charge(checked)}")
    begun_s = 0.0
    for step in checked.steps:
        told.append(f"\n{step.index:>2} ", "dim")
        told.append(f"{short(step.name, name_width):<{name_width}} ")
        if what_width:
            told.append(f"{short(what(step), what_width - 1):<{what_width}}", "dim")
        lasts = words.duration(step.expected_s) if step.do != "prompt" else "asks"
        told.append(f"{lasts:>8} ")
        told.append(*_bar(step, begun_s, total_s, room))
        begun_s += step.expected_s
    end = words.duration(total_s)
    told.append(f"\n{'':{left}}0{end:>{room - 1}}", "dim")
    return told


def what(step: RecipeStep) -> str:
    """`300 nm Zn at 0.5 nm/s`, or the step's kind."""
    if step.film and step.thickness_nm is not None:
        rate = f" at {step.rate_nm_per_s:g} nm/s" if step.rate_nm_per_s is not None else ""
        return f"{step.thickness_nm:g} nm {step.film}{rate}"
    return step.do.replace("_", " ")


def _bar(step: RecipeStep, begun_s: float, total_s: float, room: int) -> tuple[str, str]:
    """From where the step begins to where it ends, an eighth of a column at least."""
    if step.do == "prompt":
        at = int(begun_s / total_s * room) if total_s > 0.0 else 0
        return " " * min(at, room - 1) + "?", "bold yellow"
    if total_s <= 0.0:
        return "", ""
    begin = int(begun_s / total_s * room * 8.0 + 0.5)
    end = max(begin + 1, int((begun_s + step.expected_s) / total_s * room * 8.0 + 0.5))
    first, last = begin // 8, end // 8
    full, part = last - first, end % 8
    bar = " " * first + FULL * full + (EIGHTHS[part] if part else "")
    return bar[:room], "bold cyan" if step.film else "blue"
