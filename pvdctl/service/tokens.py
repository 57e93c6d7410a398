"""Tokens: how clients over TCP say who they are.

A token is 256 random bits, shown once and kept as its SHA-256 only; it belongs to a user, has one role, ends at a
date and can be revoked. The file is the administrator's, 0600, and is read anew when it has changed.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pvdctl.errors import OperatorError
from pvdctl.service.roles import ROLES, Role

PREFIX = "pvdctl_"
"""So that a token found in a log or a repository is recognised as one."""
BYTES = 32
LONGEST_DAYS = 366.0


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is kept. number: to name it by, never used again. utc times in ISO 8601."""

    number: int
    user: str
    role: Role
    sha256: str
    made_utc: str
    expires_utc: str
    revoked_utc: str = ""

    def good(self, now: datetime) -> bool:
        """Neither over nor revoked."""
        return not self.revoked_utc and now < datetime.fromisoformat(self.expires_utc)


class Tokens:
    """The tokens of one service, in one file. utc: where calendar time comes from."""

    def __init__(self, path: Path, utc: Callable[[], datetime]) -> None:
        self.path = path
        self._utc = utc
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: list[Token] = []

    def all(self) -> list[Token]:
        """Every token ever made here. Raises OperatorError if the file is not in order, or others may read it."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._tokens = None, []
            return []
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be read: {error.strerror or error}. Whose is it?") from error
        if status.st_mode & 0o077:
            raise OperatorError(f"{self.path} can be read by others than its owner: chmod 600 it.")
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp:
            try:
                found = [Token(**each) for each in json.loads(self.path.read_text())]
                for token in found:
                    token.good(self._utc())  # a date that is none is found here, not when somebody asks
            except OSError as error:
                raise OperatorError(f"{self.path} cannot be read: {error.strerror or error}. Whose is it?") from error
            except (ValueError, TypeError) as error:
                raise OperatorError(f"{self.path} holds no tokens: {error}. Restore it, or remove it.") from error
            self._tokens, self._stamp = found, stamp
        return list(self._tokens)

    def find(self, text: str) -> Token | None:
        """The good token that `text` is; None if it is none, over or revoked. Takes the same time for each."""
        sha256 = _hash(text)
        now, found = self._utc(), None
        for token in self.all():
            if hmac.compare_digest(token.sha256, sha256) and token.good(now):
                found = token
        return found

    def make(self, user: str, role: str, days: float) -> tuple[Token, str]:
        """A new token, and the text that is shown once. Raises OperatorError."""
        if role not in ROLES:
            raise OperatorError(f"there is no role '{role}'. There are: {', '.join(ROLES)}.")
        if not 0.0 < days <= LONGEST_DAYS:
            raise OperatorError(f"a token ends after at most {LONGEST_DAYS:g} days, found {days:g}.")
        if not user.strip() or not user.isprintable():
            raise OperatorError("a token belongs to a user: give a name.")
        tokens = self.all()
        now = self._utc()
        text = PREFIX + secrets.token_urlsafe(BYTES)
        number = max((token.number for token in tokens), default=0) + 1
        token = Token(number, user, role, _hash(text), _iso(now), _iso(now + timedelta(days=days)))
        self._write([*tokens, token])
        return token, text

    def revoke(self, number: int) -> Token:
        """End a token now. Raises OperatorError if there is none of this number."""
        tokens = self.all()
        for index, token in enumerate(tokens):
            if token.number == number:
                ended = token if token.revoked_utc else replace(token, revoked_utc=_iso(self._utc()))
                tokens[index] = ended
                self._write(tokens)
                return ended
        raise OperatorError(f"there is no token {number} in {self.path}.")

    def _write(self, tokens: list[Token]) -> None:
        """Whole, in one step, so that a reader never finds half a file."""
        text = json.dumps([asdict(token) for token in tokens], indent=1)
        new = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be written: {error.strerror or error}.") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _iso(utc: datetime) -> str:
    return utc.isoformat(timespec="seconds")
