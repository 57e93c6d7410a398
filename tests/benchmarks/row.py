"""A row of the table: what was measured, what was wanted, what was got."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. met: None where nothing was asked for."""

    group: str
    figure: str
    wanted: str
    got: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """In words, so that no colour is needed."""
        return {None: "", True: "met", False: "MISSED"}[self.met]


def at_least(group: str, figure: str, wanted: float, got: float, unit: str, digits: int = 0) -> Row:
    """A figure that should be large."""
    return Row(group, figure, f"≥ {wanted:,g} {unit}", f"{got:,.{digits}f} {unit}", got >= wanted)


def at_most(group: str, figure: str, wanted: float, got: float, unit: str, digits: int = 0) -> Row:
    """A figure that should be small."""
    return Row(group, figure, f"≤ {wanted:,g} {unit}", f"{got:,.{digits}f} {unit}", got <= wanted)


def told(group: str, figure: str, got: str) -> Row:
    """A figure for information."""
    return Row(group, figure, "", got, None)
