"""What the service answers to single questions and requests. The same rules as in `service.messages`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pvdctl.service.messages import Alarm, Message, Question, RecipeStep
from pvdctl.service.roles import Role


@dataclass(frozen=True, slots=True)
class Accepted(Message):
    """A request was carried out; what it asked is in the record."""

    text: str
    state: str
    """The unit's, after the request."""
    run: str = ""
    fence: int | None = None
    """Of the lease, where one was granted or renewed."""
    remaining_s: float | None = None
    """Of the lease."""


@dataclass(frozen=True, slots=True)
class Problem(Message):
    """A request was refused, and why. Every refusal of a command is an event in the record."""

    code: Literal[
        "bad_request", "not_authenticated", "not_permitted", "no_lease", "stale_fence", "not_now", "not_found",
        "too_many", "not_running", "bad_recipe", "timed_out",
    ]  # fmt: skip
    text: str
    """A sentence for the person who asked."""
    state: str = ""
    legal: list[str] = field(default_factory=list)
    """What is possible now."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    """Of a recipe that did not pass the check."""


@dataclass(frozen=True, slots=True)
class Me(Message):
    """Who the service takes the asker for."""

    user: str
    role: Role
    client: str
    via: Literal["unix", "token"]


@dataclass(frozen=True, slots=True)
class RecipeEntry(Message):
    """A recipe of the service's library, with what the static check says of it on this chamber."""

    name: str
    """File name without .yaml; how it is asked for."""
    title: str
    version: str
    sha256: str
    passed: bool
    expected_s: float | None
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Checked(Message):
    """A recipe's text and the static check's result."""

    name: str
    title: str
    version: str
    sha256: str
    text: str
    passed: bool
    expected_s: float | None
    uses_mg: dict[str, float]
    steps: list[RecipeStep]
    findings: list[dict[str, Any]]
    """As `pvdctl check --json` gives them: severity, line, column, wanted, found, hint, text ..."""
    questions: list[Question] = field(default_factory=list)
    """What the recipe will ask the operator; a simulation wants the answers beforehand."""


@dataclass(frozen=True, slots=True)
class RunEntry(Message):
    """A past or present run."""

    run: str
    recipe: str
    recipe_version: str
    operator: str
    sample_id: str
    simulated: bool
    started_utc: str
    ended_utc: str
    duration_s: float | None
    end_state: str
    end_reason: str


@dataclass(frozen=True, slots=True)
class Verdict(Message):
    """Whether the record is what was written."""

    intact: bool
    text: str


@dataclass(frozen=True, slots=True)
class Samples(Message):
    """Columns of equal length, evenly thinned; None where nothing was known."""

    run: str
    columns: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class Trend(Message):
    """The last hours as the service saw them, one point a second at most. Empty after a start of the web server."""

    at_s: list[float]
    chamber_pressure_mbar: list[float | None]
    rate_nm_per_s: list[float]
    rate_target_nm_per_s: list[float]
    band_percent: list[float]
    """Of the target, up and down; 0 where there is no band."""
    film_nm: list[float]
    film_target_nm: list[float]
    source_current_a: list[float | None]


@dataclass(frozen=True, slots=True)
class Exchange(Message):
    """One exchange on a link, as its bytes went over the line; nothing is decoded."""

    number: int
    """Grows by one, per link."""
    at_s: float
    """Control clock of its beginning, as in a snapshot."""
    utc: str
    took_ms: float
    asked_hex: str
    """`21 23 40 4F 37`; empty where bytes came unasked."""
    asked_text: str
    """The same in ASCII, what is not printable escaped: `AYT\\r`."""
    answered_hex: str
    """All that came, noise and half answers too; empty where nothing did, or no answer is given."""
    answered_text: str
    error: str
    """Empty, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Exchanges(Message):
    """Exchanges on a link, oldest first. They are kept only while somebody listens."""

    link: str
    listening_s: float
    """For so long it is listened to still, unless somebody asks for more; 0: nobody listens."""
    newest: int
    """Number of the newest exchange heard; `after` for the next question where none are here."""
    exchanges: list[Exchange]


@dataclass(frozen=True, slots=True)
class AlarmList(Message):
    """All alarms since the control process started, gravest first."""

    alarms: list[Alarm]


@dataclass(frozen=True, slots=True)
class RecipeList(Message):
    """The library, by name."""

    recipes: list[RecipeEntry]


@dataclass(frozen=True, slots=True)
class RunList(Message):
    """Runs, newest first."""

    runs: list[RunEntry]
