"""One recipe as its screen knows it: where it is from, what the check says of it, how a simulation of it ended."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from pvdctl.clock import RealClock
from pvdctl.service.answers import Checked, RecipeEntry
from pvdctl.tui import words

Facts = dict[str, Any]
SHORT = 13
"""Characters of a name that the list shows whole, also on a narrow screen."""
SHA_SHOWN = 12
"""Characters of a SHA-256 that people compare: as many as git shows of large projects."""


@dataclass(slots=True)
class Page:
    """A recipe of the service's library (`path` None) or a file of this machine.

    failed: why it could not be read. reading: it is being read. result: of the newest simulation of this very text;
    simulating: since when one is going on; not_simulated: why the last one came to nothing.
    """

    key: str
    path: Path | None = None
    entry: RecipeEntry | None = None
    checked: Checked | None = None
    failed: str = ""
    reading: bool = False
    result: Facts | None = None
    simulating: RealClock | None = None
    not_simulated: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    """That the simulation was given."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.checked.name if self.checked is not None else (self.path.stem if self.path else self.key)

    @property
    def asked_as(self) -> str | Path:
        """How the service is asked for it."""
        return self.path if self.path is not None else self.key

    @property
    def passed(self) -> bool | None:
        """What the check said; None while it is not known."""
        told = self.checked if self.checked is not None else self.entry
        return told.passed if told is not None else None

    @property
    def expected_s(self) -> float | None:
        """About how long it takes; None while that is not known."""
        told = self.checked if self.checked is not None else self.entry
        return told.expected_s if told is not None else None

    def listed(self, entry: RecipeEntry) -> None:
        """The library's newest word; a text that has changed is read again, its simulation forgotten."""
        self.entry, self.failed = entry, ""
        if self.checked is not None and (not entry.sha256 or self.checked.sha256 != entry.sha256):
            self.checked = None

    def read(self, checked: Checked) -> None:
        """Its text is here."""
        self.checked, self.failed, self.reading = checked, "", False
        if self.result is not None and self.result["recipe"]["sha256"] != checked.sha256:
            self.result = None

    def counts(self) -> tuple[int, int]:
        """Errors and warnings."""
        if self.checked is not None:
            errors = sum(finding["severity"] == "error" for finding in self.checked.findings)
            return errors, len(self.checked.findings) - errors
        return (self.entry.errors, self.entry.warnings) if self.entry is not None else (0, 0)


def cells(page: Page) -> tuple[Text, Text, Text]:
    """Its line in the list: whether it passed, its name, how long it takes."""
    if page.failed or page.passed is None:
        mark = Text(words.UNKNOWN, "yellow")
    elif page.passed:
        mark = Text("▲", "yellow") if page.counts()[1] else Text("✓", "green")
    else:
        mark = Text("✗", "bold red")
    name = Text(page.name if page.path is None else f"{page.name} (file)")
    return mark, name, Text(words.duration(page.expected_s) if page.passed else ("errors" if not page.failed else "?"))


def facts(page: Page) -> Text:
    """What there is to know of it in a few lines."""
    if page.failed:
        return Text(f"✗ It could not be read: {page.failed}", "bold red")
    checked = page.checked
    if checked is None:
        return Text("… being read", "dim")
    told = Text()
    if len(page.name) > SHORT:
        told.append(f"{page.name}\n", "bold")
    errors, warnings = page.counts()
    if checked.passed:
        told.append("✓ passed the check" if not warnings else f"▲ passed, {_count(warnings, 'warning')}", "bold")
    else:
        more = f", {_count(warnings, 'warning')}" if warnings else ""
        told.append(f"✗ {_count(errors, 'error')}{more}: cannot be started", "bold red")
    if checked.title:
        told.append(f"\n{checked.title}")
    if checked.version:
        told.append(f"\nversion {checked.version}\nsha {checked.sha256[:SHA_SHOWN]}", "dim")
    if page.path is not None:
        told.append(f"\nfile {page.path}", "dim")
    if checked.expected_s is not None:
        told.append(f"\nabout {words.duration(checked.expected_s)}")
        told.append(f"\n{charge(checked)}")
    if checked.questions:
        told.append(f"\nasks {_count(len(checked.questions), 'question')}")
    return told


def charge(checked: Checked) -> str:
    """What it takes from the boats, mg; `no charge used` where that is none."""
    used = [f"{name} {mg:g} mg" for name, mg in checked.uses_mg.items() if mg > 0.0]
    return f"uses {', '.join(used)}" if used else "uses no charge"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
