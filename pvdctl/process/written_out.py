"""Functions written out once, over objects that every scan looks at.

What a loop does with thirty readings in every scan, a function does in a third of the time that names each of them
(measured, Python 3.11: see docs/decisions/pace.md). The text is made here of names and attributes that the program
itself chooses; nothing of a chamber file or a recipe gets into it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast


def written_out(body: Sequence[str], bound: Mapping[str, object], what: str) -> Callable[[], Any]:
    """A function without arguments. body: its lines; bound: the objects they name; what: for tracebacks."""
    # Bound as arguments of an outer function, names cost no more than locals.
    lines = [f"def bind({', '.join(bound)}):", "    def function():", *(f"        {line}" for line in body)]
    lines.append("    return function")
    space: dict[str, object] = {"__builtins__": {}}
    exec(compile("\n".join(lines), f"<{what}>", "exec"), space)  # noqa: S102
    return cast("Callable[..., Callable[[], Any]]", space["bind"])(**bound)


def row_of(
    parts: Sequence[tuple[str, object]], bound: Mapping[str, object], what: str
) -> Callable[[], tuple[Any, ...]]:
    """A function that returns one value per part: an expression in which `{}` stands for the part's object."""
    named = {**bound, **{f"o{index}": thing for index, (_, thing) in enumerate(parts)}}
    values = [expression.format(f"o{index}") for index, (expression, _) in enumerate(parts)]
    return written_out([f"return ({' '.join(f'{value},' for value in values)})"], named, what)
