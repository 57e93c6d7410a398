"""Which instruments may share a link."""

from typing import Any

import pytest

from pvdctl.chamber.load import parse_chamber
from pvdctl.cli.equip import make_drivers
from pvdctl.cli.lines import drivers_by_link
from pvdctl.cli.shipped import chamber_file
from pvdctl.errors import OperatorError


def lines(*changes: tuple[str, str]) -> dict[str, list[str]]:
    """Names by link, of the shipped chamber with these changes."""
    text = chamber_file().read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    model = parse_chamber(text.encode(), "changed.yaml").model
    return {link: [d.name for d in sharing] for link, sharing in drivers_by_link(model, make_drivers(model)).items()}


def controllers(first: str, second: str) -> tuple[str, str]:
    """Two more instruments on one gateway."""
    return (
        "poll_groups:\n",
        f"  mfc_n2:\n    driver: bronkhorst_mfc\n    link: gateway\n    settings: {{full_scale: 20 slm{first}}}\n"
        f"  mfc_ar:\n    driver: bronkhorst_mfc\n    link: gateway\n    settings: {{full_scale: 20 slm{second}}}\n\n"
        "poll_groups:\n",
    )


def also(name: str, driver: str, link: str, settings: str = "") -> tuple[str, str]:
    """One more instrument."""
    return (
        "poll_groups:\n",
        f"  {name}:\n    driver: {driver}\n    link: {link}\n    settings: {{{settings}}}\n\npoll_groups:\n",
    )


GATEWAY = ("instruments:\n", "  gateway: {kind: modbus_tcp, host: 192.0.2.22}\n\ninstruments:\n")


def test_as_shipped_each_has_its_own() -> None:
    assert all(len(names) == 1 for names in lines().values())


def test_told_apart_by_their_addresses() -> None:
    found = lines(GATEWAY, controllers(", address: 11", ", address: 12"))
    assert found["gateway"] == ["mfc_n2", "mfc_ar"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([GATEWAY, controllers("", "")], "mfc_n2 and mfc_ar have the same address 1. Set another at one of them"),
        (
            [also("second_turbo", "pfeiffer_tc400", "supply_line")],
            "boat_supply would take part in what is meant for others. Give it a link of its own",
        ),
        (
            [also("second_monitor", "inficon_sqc310", "monitor_line")],
            "monitor and second_monitor would take part in what is meant for others. Give each a link of its own",
        ),
        (
            [also("mfc", "bronkhorst_mfc", "turbo_line", "full_scale: 20 slm")],
            "only instruments with the same driver share a link",
        ),
    ],
)
def test_what_may_not_share(changes: Any, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        lines(*changes)
