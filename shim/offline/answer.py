"""The old answer: a dict with the documented four keys, and what they cannot say beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, overload

from typing_extensions import NotRequired, TypedDict, get_type_hints

from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code
from shim.offline.shapes import Envelope, NoFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _typeshed import SupportsKeysAndGetItem
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from shim.objectapi.calls import Reply

    # `__getitem__` takes the documented keys only. With the second base, checkers still accept
    # `dict(answer)` and `{**answer}`.
    class _Dict(dict[str, Any], SupportsKeysAndGetItem[str, Any]):
        pass
else:
    _Dict = dict

A = TypeVar("A", bound="Answer")

State = Literal["changed", "unchanged", "failed", "accepted", "planned"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one member, department or record.

    Attributes:
        open_user_id: The id as it was given: an openUserId, a departmentId or a record's `_id`.
        state: `changed` (written, and seen in the asked state afterwards), `unchanged` (was there
            already, nothing was written), `failed`, `accepted` (preset and ERP objects: the vendor
            answered success, and it is not read back), or `planned` (a dry run: it would have
            been written).
        error_code: 0, or why it failed, in the vendor's codes.
        message: `OK`, or what went wrong and what to do about it.
        trace_id: The vendor's traceId of the call that decided it; starts with `shim-` where no
            vendor answered.
    """

    open_user_id: str
    state: State
    error_code: int
    message: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A call that was not made, since it would have changed something.

    Attributes:
        method: HTTP method.
        path: Where it would have gone.
        body: What would have been sent, without credentials. People's data: not in the repr.
    """

    method: str
    path: str
    body: Mapping[str, Any] = field(repr=False)


class Answer(_Dict):
    """The answer of an offline call, in its old shape.

    Equal to, and dumped as JSON like, the documented keys: `traceId`, `errorDescription`,
    `errorMessage`, `errorCode`. Do not branch on the texts; the vendor never promised them.

    Attributes:
        outcomes: For a call that writes, one for each id given, in the order given. None where the
            old call was made, which tells nothing of them.
        dropped: Names of parameters that were given and could not be passed on.
        plan: In a dry run, the calls that would have written, in order.
        api_calls: HTTP calls made, by path.
        facts: Of a class: the TypedDict of what it holds beside the envelope, if `errorCode` is 0.
    """

    outcomes: tuple[Outcome, ...] = ()
    dropped: tuple[str, ...] = ()
    plan: tuple[PlannedWrite, ...] = ()
    api_calls: Mapping[str, int] = MappingProxyType({})
    facts: ClassVar[type] = NoFacts

    if TYPE_CHECKING:

        @overload  # type: ignore[override]  # No `str`: other keys are errors.
        def __getitem__(
            self, key: Literal["traceId", "errorDescription", "errorMessage"], /
        ) -> str: ...
        @overload
        def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
        def __getitem__(self, key: str, /) -> Any: ...

        @overload  # type: ignore[override]  # As above; these four are always there.
        def get(
            self,
            key: Literal["traceId", "errorDescription", "errorMessage"],
            default: object = ...,
            /,
        ) -> str: ...
        @overload
        def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
        def get(  # noqa: D102  # pyright: ignore[reportIncompatibleMethodOverride]
            self, key: str, default: object = ..., /
        ) -> Any: ...

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return how pydantic reads and writes an answer.

        An answer of this class stays as it is, with its attributes. Any other dict is checked by
        the documented keys; what it holds beside them is kept. Written are its keys as they are.
        """
        # Imported here: `import shim` loads no pydantic.
        from pydantic_core import core_schema  # noqa: PLC0415

        def read(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Answer:
            if isinstance(value, cls):
                return value
            made = cls(check(value))
            vars(made).update(vars(value) if isinstance(value, Answer) else {})
            return made

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(_body(cls)),
            serialization=core_schema.plain_serializer_function_ser_schema(dict),
        )


@cache
def _body(shape: type[Answer]) -> Any:
    """Return the JSON body of a shape as a TypedDict, which pydantic reads and describes."""
    facts = get_type_hints(shape.facts)
    optional = {name: NotRequired[hint] for name, hint in facts.items()}
    make: Any = TypedDict
    body = make(shape.__name__, {**get_type_hints(Envelope), **optional})
    body.__doc__ = (shape.__doc__ or "").partition("\n")[0]
    body.__pydantic_config__ = {"extra": "allow"}
    return body


def shaped(answer: Answer, shape: type[A]) -> A:
    """Return an answer as one of this class, with all that it carries."""
    if isinstance(answer, shape):
        return answer
    made = shape(answer)
    vars(made).update(vars(answer))
    return made


def envelope(code: int, text: str, trace_id: str) -> Answer:
    """Return an answer of the four documented keys, in their documented order."""
    succeeded = code == Code.OK
    return Answer(
        traceId=trace_id,
        errorDescription="success" if succeeded else text,
        errorMessage="OK" if succeeded else text,
        errorCode=int(code),
    )


def found(trace_id: str, note: str = "", **fields: Any) -> Answer:
    """Return the answer of a call that read something: the envelope, and what was read.

    A note goes into `errorDescription`, on which no program branches.
    """
    answer = envelope(Code.OK, "OK", trace_id)
    if note:
        answer["errorDescription"] = f"success: {note}"
    answer.update(fields)
    return answer


def passed_on(reply: Reply) -> Answer:
    """Return the answer to a reply that failed: its code, its text, its traceId."""
    return envelope(reply.code, reply.message, reply.trace_id)


def refusal(code: int, text: str) -> Answer:
    """Return the answer to arguments that are not worth a call."""
    return envelope(code, text, local_trace_id())


def summary(outcomes: Sequence[Outcome]) -> Answer:
    """Return the answer for these outcomes: the first failure's code, and a text that counts."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if failed:
        first = failed[0]
        text = f"{len(failed)} of {len(outcomes)} failed: {first.message}"
        answer = envelope(first.error_code, text, first.trace_id)
    else:
        # A write's traceId says more to the vendor's support than a look-up's.
        best = next((one for one in outcomes if one.state == "changed"), outcomes[0])
        answer = envelope(Code.OK, "OK", best.trace_id)
    answer.outcomes = tuple(outcomes)
    return answer
