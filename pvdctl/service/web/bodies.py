"""What requests carry. Unknown fields, wrong kinds and numbers beyond their range are refused with a sentence.

The lengths allowed are choices: far above what people write, far below what would fill a record.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Reason = Annotated[str, Field(max_length=1000, description="Why, in the asker's words; kept in the record.")]
Fence = Annotated[int | None, Field(ge=0, description="Number of the lease under which the command is given.")]
Named = Annotated[str, Field(min_length=1, max_length=200)]


class Body(BaseModel):
    """Base of all."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Command(Body):
    """A command to the unit."""

    reason: Reason = ""
    fence: Fence = None


class LeaseAsk(Body):
    """For the lease."""

    reason: Reason = ""


class LeaseKept(Body):
    """By its holder."""

    fence: Fence = None


class RecipeAsk(Body):
    """A recipe by its name in the library, or as text; one of the two."""

    recipe: Named | None = None
    text: str | None = Field(default=None, max_length=1_000_000)
    path: str = Field(default="recipe.yaml", max_length=500)
    """Of a text that was sent: as its findings shall name it."""


class SimulationAsk(RecipeAsk):
    """A recipe to be made on a simulated copy of the chamber."""

    seed: int = Field(default=1, ge=0, le=2**31)
    answers: dict[str, str] = Field(default_factory=dict)
    """To the recipe's prompts; a simulation asks nobody."""


class Start(RecipeAsk):
    """A recipe to be made."""

    sample_id: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)
    answers: dict[str, str] = Field(default_factory=dict)
    """To prompts of the recipe, given beforehand."""
    reason: Reason = ""
    fence: Fence = None


class Answer(Body):
    """To the recipe's question."""

    prompt: Named
    answer: Named
    fence: Fence = None


class Note(Body):
    """A remark for the record."""

    text: str = Field(min_length=1, max_length=2000)
    about: str = Field(default="", max_length=200)
    """What it is about: a command, an alarm, an instrument, a step; free text."""


class SetOutput(Body):
    """An output by hand. 1 open or on, 0 closed or off; amps for a current."""

    value: float = Field(ge=0.0, le=10_000.0)
    reason: Reason = ""
    fence: Fence = None


class Nothing(Body):
    """No more than the asking."""


class Listen(Body):
    """To a link, for a time."""

    seconds: float = Field(default=60.0, ge=1.0, le=600.0)


class Shelving(Body):
    """An alarm out of sight for a time."""

    minutes: float = Field(gt=0.0, le=60.0)
    reason: str = Field(min_length=1, max_length=1000)


class Signature(Body):
    """Under a run that has ended."""

    meaning: Literal["reviewed", "approved", "rejected"]
    reason: str = Field(min_length=1, max_length=1000)
