"""The kinds of value a programme file holds, with their limits."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from lms.domain.programme_reading import Limits, Pattern
from lms.domain.window import Edge

Code = Annotated[str, Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")]
DivisionCode = Annotated[str, Pattern(r"[0-9A-Z]{6,12}")]
KeyPath = Annotated[str, Pattern(r"[a-z_0-9.*\[\]]{1,200}")]
Percent = Annotated[int, Limits(0, 100)]
Count = Annotated[int, Limits(0, 10_000_000)]
Some = Annotated[int, Limits(1, 1_000_000)]
Hours = Annotated[Decimal, Limits(0, 1000)]
Points = Annotated[Decimal, Limits(0, 1000)]
Day = Annotated[datetime, Edge("end")]
Level = Literal["city", "county", "school"]
