"""`pvdctl token`: the tokens of clients over TCP, for the administrator."""

from datetime import UTC, datetime
from pathlib import Path

from pvdctl.cli.exits import DONE, say
from pvdctl.service.tokens import Tokens


def _now() -> datetime:
    return datetime.now(UTC)


def add(path: Path, user: str, role: str, days: float) -> int:
    """Make one; the text goes to stdout, everything else to stderr."""
    made, text = Tokens(path, _now).make(user, role, days)
    say(f"token {made.number} of {user}, {role.replace('_', ' ')}, until {made.expires_utc}. It is not shown again:")
    print(text)
    return DONE


def listing(path: Path) -> int:
    """One line each."""
    now, tokens = _now(), Tokens(path, _now).all()
    if not tokens:
        say(f"there is no token in {path}")
    for token in tokens:
        state = "revoked" if token.revoked_utc else "good" if token.good(now) else "over"
        print(f"{token.number:4d}  {token.user}  {token.role}  {state}, until {token.expires_utc}")
    return DONE


def revoke(path: Path, number: int) -> int:
    """End one."""
    token = Tokens(path, _now).revoke(number)
    say(f"token {token.number} of {token.user} is revoked")
    return DONE
