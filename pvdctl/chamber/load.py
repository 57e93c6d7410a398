"""From a chamber file to a chamber, or to every reason why not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber
from pvdctl.chamber.monitor_fit import MonitorFit
from pvdctl.chamber.problems import BadFile
from pvdctl.chamber.rules import Rules
from pvdctl.chamber.source_wiring import SourceWiring
from pvdctl.chamber.wiring import Wiring
from pvdctl.chamber.yaml_text import document, read
from pvdctl.instrument.monitor_limits import MonitorLimits

LimitsOf = Callable[[str], MonitorLimits | None]
"""What a monitor with this driver can hold; None if the driver is no monitor's."""


@dataclass(frozen=True, slots=True)
class LoadedChamber:
    """A chamber with the very text it came from.

    text: the whole file. sha256: of the file's bytes, in hexadecimal. document: where each part stands. limits: what
    its rate monitor can hold; None where nobody has asked the driver.
    """

    model: Chamber
    text: str
    sha256: str
    path: str
    document: Document = field(repr=False, compare=False)
    limits: MonitorLimits | None = field(default=None, repr=False, compare=False)


def load_chamber(
    path: Path | str, drivers: Collection[str] | None = None, limits_of: LimitsOf | None = None
) -> LoadedChamber:
    """Read and validate a chamber file. Raises BadFile naming every problem with file, line and column.

    drivers: names of the drivers there are; without them an unknown driver is found only when it is to be made.
    limits_of: asked for the driver of the rate monitor; without it a film that the monitor cannot hold is found only
    when it is to be written to the monitor.
    """
    return _validate(read(path), drivers, limits_of)


def parse_chamber(
    raw: bytes, path: str, drivers: Collection[str] | None = None, limits_of: LimitsOf | None = None
) -> LoadedChamber:
    """As `load_chamber`, for bytes at hand; `path` is used in messages only."""
    return _validate(document(raw, path), drivers, limits_of)


def with_control(chamber: LoadedChamber, control: Literal["host", "sqc310"]) -> LoadedChamber:
    """The same chamber with the rate controlled by somebody else than its file says; text and hash are the file's.

    Raises BadFile where the file does not say enough for that.
    """
    if chamber.model.control == control:
        return chamber
    model = chamber.model.model_copy(update={"control": control})
    problems = SourceWiring(model, chamber.document).check()
    if chamber.limits is not None:
        problems += MonitorFit(model, chamber.document, chamber.limits).check()
    if problems:
        raise BadFile(chamber.path, problems)
    return replace(chamber, model=model)


def _validate(doc: Document, drivers: Collection[str] | None, limits_of: LimitsOf | None) -> LoadedChamber:
    try:
        model = Chamber.model_validate(doc.data)
    except ValidationError as error:
        from pvdctl.chamber import complaints  # needed only when something is wrong

        raise BadFile(doc.path, [*doc.problems, *complaints.problems(error, Chamber, doc)]) from error
    limits = _limits(model, drivers, limits_of)
    fit = MonitorFit(model, doc, limits).check() if limits is not None else []
    wiring = [*Wiring(model, doc, drivers).check(), *SourceWiring(model, doc).check()]
    problems = [*doc.problems, *wiring, *fit, *Rules(model, doc).check()]
    if problems:
        raise BadFile(doc.path, problems)
    return LoadedChamber(model, doc.text, doc.sha256, doc.path, doc, limits)


def _limits(model: Chamber, drivers: Collection[str] | None, limits_of: LimitsOf | None) -> MonitorLimits | None:
    """Of the rate monitor; None where its driver cannot be asked, which other checks complain about."""
    instrument = model.instruments.get(model.monitor.instrument)
    if limits_of is None or instrument is None or (drivers is not None and instrument.driver not in drivers):
        return None
    return limits_of(instrument.driver)
