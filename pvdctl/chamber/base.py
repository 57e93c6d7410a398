"""The strict base of all models read from files.

A field `thickness_nm` is written `thickness: 300 nm`: the unit is the suffix inside and part of the text outside.
"""

from functools import partial
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pvdctl.quantities import parse, split_name


def _alias(name: str) -> str:
    return split_name(name)[0]


class Model(BaseModel):
    """Unknown keys, wrong types, nan and infinity are errors; nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        frozen=True,
        alias_generator=_alias,
        populate_by_name=False,
    )


def _quantity(unit: str) -> BeforeValidator:
    """Text with a unit becomes a number; anything else raises NotAQuantity, which pydantic hands on."""
    return BeforeValidator(partial(parse, unit=unit))


Nm = Annotated[float, _quantity("nm")]
NmPerS = Annotated[float, _quantity("nm/s")]
Mbar = Annotated[float, _quantity("mbar")]
Seconds = Annotated[float, _quantity("s")]
Percent = Annotated[float, _quantity("%")]
Amps = Annotated[float, _quantity("A")]
AmpsPerS = Annotated[float, _quantity("A/s")]
Volts = Annotated[float, _quantity("V")]
DegC = Annotated[float, _quantity("°C")]
Hz = Annotated[float, _quantity("Hz")]
GramPerCm3 = Annotated[float, _quantity("g/cm3")]
Litres = Annotated[float, _quantity("L")]
Milligrams = Annotated[float, _quantity("mg")]
MgPerNm = Annotated[float, _quantity("mg/nm")]
MbarPerS = Annotated[float, _quantity("mbar/s")]
MbarLitresPerS = Annotated[float, _quantity("mbar L/s")]
LitresPerS = Annotated[float, _quantity("L/s")]
PerAmp = Annotated[float, _quantity("1/A")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=40)]
Positive = Field(gt=0)
