"""The object API's query language: how a search is read, and which records it matches.

The operators' names are grade A; what each does with empty values and lists is grade C:
an empty value satisfies ``IS`` and the negative operators only, a list satisfies an operator
when one of its elements does (``CONTAINS`` on a list: when it has all the values).

Public clients send numbers and booleans in ``field_values``, null for what is left out, an empty
``fieldProjection`` and ``limit: 30.0`` (grade C: that the service takes them).
"""

from __future__ import annotations

import operator as op
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    model_validator,
)
from typing_extensions import Self

from shim.sandbox._messages import Refusal, as_whole, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: Grade A: a page holds no more, and starts no deeper.
LIMIT: Final = 100
OFFSET: Final = 10_000
Operator = Literal[
    "EQ", "N", "GT", "GTE", "LT", "LTE", "LIKE", "NLIKE", "IS", "ISN", "IN", "NIN", "BETWEEN",
    "NBETWEEN", "STARTWITH", "ENDWITH", "HASANYOF", "NHASANYOF", "CONTAINS",
]  # fmt: skip
_NEGATIVE: Final[dict[str, Operator]] = {
    "N": "EQ", "NLIKE": "LIKE", "NIN": "IN", "NBETWEEN": "BETWEEN", "NHASANYOF": "HASANYOF",
}  # fmt: skip
#: Number of values an operator takes. The others take one or more.
_VALUES: Final[dict[str, int]] = {
    "EQ": 1, "N": 1, "GT": 1, "GTE": 1, "LT": 1, "LTE": 1, "LIKE": 1, "NLIKE": 1,
    "STARTWITH": 1, "ENDWITH": 1, "BETWEEN": 2, "NBETWEEN": 2,
}  # fmt: skip
_ORDERINGS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "GT": op.gt, "GTE": op.ge, "LT": op.lt, "LTE": op.le,
}  # fmt: skip


def _text(value: object) -> object:
    """Return a number or a boolean of ``field_values`` as the string that it is compared as."""
    whole = as_whole(value)
    return texts(value if whole is None else whole)[0] if isinstance(value, (int, float)) else value


def _whole(value: object) -> int:
    whole = as_whole(value)
    if whole is None:
        msg = "a whole number is wanted"
        raise ValueError(msg)
    return whole


_Value = Annotated[StrictStr, BeforeValidator(_text)]
_Whole = Annotated[int, BeforeValidator(_whole)]


class _Sent(BaseModel):
    """An object of a search. What is null is left out."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, object]", value)
        return {name: each for name, each in given.items() if each is not None}


class Filter(_Sent):
    """One condition; a search is all of them together."""

    field_name: StrictStr
    operator: Operator
    field_values: tuple[_Value, ...] = ()

    @model_validator(mode="after")
    def _enough_values(self) -> Self:
        count = len(self.field_values)
        wanted = _VALUES.get(self.operator)
        if self.operator in {"IS", "ISN"} or count == wanted or (wanted is None and count):
            return self
        msg = f"{self.operator} takes {wanted or 'one or more'} field_values"
        raise ValueError(msg)


class SearchOrder(_Sent):
    """One sort key. camelCase here, snake_case in filters: so it is printed (grade A)."""

    field_name: StrictStr = Field(validation_alias="fieldName")
    ascending: StrictBool = Field(default=True, validation_alias="isAsc")


class Search(_Sent):
    """A ``search_query_info``. U: the limit when none is sent."""

    limit: Annotated[_Whole, Field(ge=1, le=LIMIT)] = 10
    offset: _Whole = 0
    filters: tuple[Filter, ...] = ()
    orders: tuple[SearchOrder, ...] = ()
    projection: tuple[StrictStr, ...] = Field(default=(), validation_alias="fieldProjection")

    @property
    def by_id(self) -> bool:
        """The rows are wanted by ascending ``_id`` alone, as deep paging does."""
        return [(order.field_name, order.ascending) for order in self.orders] == [("_id", True)]


def parsed(info: Mapping[str, Any], knows: Callable[[str], bool]) -> Search:
    """Read a ``search_query_info``.

    Args:
        info: The JSON object.
        knows: Whether the object has a field of that name.

    Raises:
        Refusal: 32000 for a malformed search, 10013 for an offset no page starts at.
    """
    try:
        search = Search.model_validate(info)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise invalid(32000, f"search_query_info.{where}".rstrip("."), first["msg"]) from None
    if not 0 <= search.offset <= OFFSET or search.offset % search.limit:
        # Grade A: the code of a missing token, used a second time.
        raise Refusal(10013, f"offset must be a multiple of limit from 0 to {OFFSET}")
    named = [(f"filters.{n}.field_name", one.field_name) for n, one in enumerate(search.filters)]
    named += [(f"orders.{n}.fieldName", one.field_name) for n, one in enumerate(search.orders)]
    for where, field_name in named:
        if not knows(field_name):
            raise invalid(32000, f"search_query_info.{where}", "the object has no such field")
    return search


def empty(value: object) -> bool:
    """Whether a field with this value is left out of a row."""
    return value is None or value in ("", [])


def texts(value: object) -> list[str]:
    """Return a field's value as the strings ``field_values`` are compared with."""
    if empty(value):
        return []
    if isinstance(value, list):
        return [str(each) for each in cast("list[object]", value)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


def _ordered(value: object, wanted: str, holds: Callable[[Any, Any], bool]) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return holds(value, float(wanted))
        except ValueError:
            why = "a number field is compared with numbers"
            raise invalid(32000, "field_values", why) from None
    return any(holds(text, wanted) for text in texts(value))


def meets(value: object, operator: str, wanted: Sequence[str]) -> bool:  # noqa: PLR0911  A table as code.
    """Whether a field's ``value`` satisfies one condition.

    Raises:
        Refusal: 32000, a number field is compared with what is no number.
    """
    if operator in _NEGATIVE:
        return not meets(value, _NEGATIVE[operator], wanted)
    if operator in _ORDERINGS:
        return _ordered(value, wanted[0], _ORDERINGS[operator])
    found = texts(value)
    if operator == "BETWEEN":
        low, high = wanted
        # Both are compared whatever the first gives, so that a bad one is always refused.
        return all([meets(value, "GTE", [low]), meets(value, "LTE", [high])])
    if operator in {"IS", "ISN"}:
        return (operator == "IS") is (not found)
    if operator == "STARTWITH":
        return any(text.startswith(wanted[0]) for text in found)
    if operator == "ENDWITH":
        return any(text.endswith(wanted[0]) for text in found)
    if operator == "CONTAINS" and isinstance(value, list):
        return set(wanted) <= set(found)
    if operator in {"LIKE", "CONTAINS"}:
        return any(all(want in text for want in wanted) for text in found)
    return not set(wanted).isdisjoint(found)  # EQ, IN, HASANYOF


def chosen(row: Mapping[str, Any], filters: Iterable[Filter]) -> bool:
    """Whether a record satisfies every filter."""
    return all(meets(row.get(f.field_name), f.operator, f.field_values) for f in filters)


def sort_key(value: object) -> tuple[int, float, str]:
    """Return a key that puts empty values first, then numbers, then text."""
    if empty(value):
        return (0, 0.0, "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (1, value, "")
    return (2, 0.0, ",".join(texts(value)))
