"""Screens as plain text beside the tests: tests/tui/__snapshots__/FILE/TEST.txt, one file per snapshot."""

import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.stage import Holds, settled, text


class ScreenText(SingleFileSnapshotExtension):
    """A text file, so that a difference can be read."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def screen_text(snapshot: SnapshotAssertion) -> Holds:
    """Holds what stands on an app's screen against the file; `pytest --snapshot-update` writes it anew: look at it."""

    async def hold(app: Any) -> None:
        await settled(app)
        assert f"{text(app)}\n" == snapshot(extension_class=ScreenText)

    return hold


@pytest.fixture
def pane_text(snapshot: SnapshotAssertion) -> Holds:
    """The same for what stands between the top line and the last answer, whatever others change around it."""

    async def hold(app: Any) -> None:
        await settled(app)
        region = app.pane.region
        lines = text(app).split("\n")[region.y : region.bottom]
        assert "\n".join(lines) + "\n" == snapshot(extension_class=ScreenText)

    return hold


@pytest.fixture
def dialog_text(snapshot: SnapshotAssertion) -> Holds:
    """The same for the box on top alone: what stands behind it may come a moment later."""

    async def hold(app: Any) -> None:
        await settled(app)
        box = [found[0] for line in text(app).split("\n") if (found := re.search("[┏┃┗].*[┓┃┛]", line))]
        assert box, text(app)
        assert "\n".join([*box, ""]) == snapshot(extension_class=ScreenText)

    return hold
