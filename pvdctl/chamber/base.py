"""The strict base of all models read from files.

A field `thickness_nm` is written `thickness: 300 nm`: the unit is the suffix inside and part of the text outside.
"""

from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

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
        defer_build=True,  # one validator for each whole file instead of one for each part: 50 ms sooner (measured)
    )


class _Quantity:
    """Marks a field whose text with a unit becomes a number; anything else raises NotAQuantity.

    Says so to pydantic's core directly: a BeforeValidator would have its function's signature inspected anew for each
    of some eighty fields, at every start of the program.
    """

    __slots__ = ("unit",)

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(partial(parse, unit=self.unit), handler(source))


Nm = Annotated[float, _Quantity("nm")]
NmPerS = Annotated[float, _Quantity("nm/s")]
Mbar = Annotated[float, _Quantity("mbar")]
Seconds = Annotated[float, _Quantity("s")]
Percent = Annotated[float, _Quantity("%")]
Amps = Annotated[float, _Quantity("A")]
AmpsPerS = Annotated[float, _Quantity("A/s")]
Volts = Annotated[float, _Quantity("V")]
DegC = Annotated[float, _Quantity("°C")]
Hz = Annotated[float, _Quantity("Hz")]
GramPerCm3 = Annotated[float, _Quantity("g/cm3")]
Litres = Annotated[float, _Quantity("L")]
Sccm = Annotated[float, _Quantity("sccm")]
Milligrams = Annotated[float, _Quantity("mg")]
MgPerNm = Annotated[float, _Quantity("mg/nm")]
MbarPerS = Annotated[float, _Quantity("mbar/s")]
MbarLitresPerS = Annotated[float, _Quantity("mbar L/s")]
LitresPerS = Annotated[float, _Quantity("L/s")]
PerAmp = Annotated[float, _Quantity("1/A")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=40)]
Positive = Field(gt=0)
