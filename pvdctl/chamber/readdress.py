"""A chamber file with other addresses: the same text, its `links` written anew, and marked as simulated.

For a simulated chamber that is served on ports of this machine. Everything else, comments too, stays as it was.
"""

import re
from collections.abc import Mapping

from pvdctl.chamber.load import LoadedChamber, parse_chamber
from pvdctl.chamber.model import Line
from pvdctl.errors import OperatorError

_PLAIN = re.compile(r"serial|tcp|visa|modbus_tcp|/[\w./-]+|\d+(\.\d+){3}")
"""Text that YAML takes for nothing but text: kinds of links, paths, IPv4 addresses."""
MARK = "simulated: true             # the links below lead to a simulated chamber"


def readdressed(loaded: LoadedChamber, lines: Mapping[str, Line], remark: str) -> str:
    """The file's text with `lines` as its links; `remark` is put above them as a comment.

    Raises OperatorError for a file whose links cannot be told from the rest (not one key per line at the top level).
    """
    text = loaded.text.splitlines()
    keys = sorted(loaded.document.place((key,), key=True) for key in loaded.document.data)
    starts = [line for line, column in keys if column == 1]
    first, _ = loaded.document.place(("links",), key=True)
    following = min((line for line in starts if line > first), default=len(text) + 1)
    end = following - 1
    while end > first and (not text[end - 1].strip() or text[end - 1].startswith("#")):
        end -= 1  # blank lines and comments belong to what follows
    links = ["links:"]
    links += [f"  # {part}" for part in remark.splitlines()]
    for name, line in lines.items():
        links.append(f"  {name}:")
        links += [f"    {key}: {_scalar(value)}" for key, value in line.model_dump().items()]
    mark = [] if loaded.model.simulated else [MARK, ""]
    before = [line for number, line in enumerate(text[: first - 1], 1) if not _says_not_simulated(loaded, number)]
    after = [line for number, line in enumerate(text[end:], end + 1) if not _says_not_simulated(loaded, number)]
    made = "\n".join([*before, *mark, *links, *after, ""])
    told = parse_chamber(made.encode(), loaded.path).model if len(starts) == len(keys) else None
    if told != loaded.model.model_copy(update={"links": dict(lines), "simulated": True}):
        raise OperatorError(
            f"chamber file {loaded.path}: its links cannot be replaced, because its top level is not one key per line; "
            "write it so"
        )
    return made


def _says_not_simulated(loaded: LoadedChamber, line: int) -> bool:
    """Whether this line is a `simulated: false` that would contradict the mark."""
    if loaded.model.simulated or "simulated" not in loaded.document.data:
        return False
    return loaded.document.place(("simulated",), key=True)[0] == line


def _scalar(value: object) -> str:
    """Numbers, words, paths and IPv4 addresses as they are, other text in double quotes."""
    if isinstance(value, int) or _PLAIN.fullmatch(str(value)):
        return str(value)
    quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
