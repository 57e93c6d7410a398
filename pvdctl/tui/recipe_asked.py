"""What the screen of recipes asks of the service, in threads beside the app's."""

from pathlib import Path

from pvdctl.client import Chamber
from pvdctl.errors import OperatorError
from pvdctl.service.answers import Accepted, Checked, RecipeEntry
from pvdctl.tui.recipe_page import SHA_SHOWN
from pvdctl.tui.recipe_start import Wish


def library(chamber: Chamber) -> list[RecipeEntry]:
    """The service's recipes, each with the result of its check."""
    return chamber.recipes()


def fetch(asked_as: str | Path, chamber: Chamber) -> Checked:
    """A recipe's text and check: of the library by its name, of this machine by its path."""
    return chamber.recipe(asked_as) if isinstance(asked_as, str) else chamber.check(asked_as)


def begin(asked_as: str | Path, sha256: str, wish: Wish, chamber: Chamber) -> Accepted:
    """Start what was shown, and nothing else. Raises OperatorError if the text has changed since, LinkError."""
    now = fetch(asked_as, chamber)
    if now.sha256 != sha256:
        raise OperatorError(
            f"{now.name} is not started: its text has changed since it was shown, sha {sha256[:SHA_SHOWN]} then, "
            f"{now.sha256[:SHA_SHOWN] or 'unreadable'} now. Read it again with u."
        )
    if wish.ready:
        chamber.ready()
    return chamber.start(asked_as, sample_id=wish.sample_id, note=wish.note, reason="started at the screen")
