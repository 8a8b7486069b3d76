"""Which way a call goes, where the team's feature flags decide: through OpenFeature."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from openfeature.evaluation_context import EvaluationContext

from shim.modes.choice import MODES, Choice

if TYPE_CHECKING:
    from shim.settings.model import Mode, Settings


def ask(now: Settings, function: str, corp_id: str, default: Choice) -> Choice:
    """Return the way that the flag says, or `default` where it says none that there is.

    The tenant is the targeting key, so that a percentage never moves it to and fro; function and
    tenant are attributes as well. Whatever goes wrong in there, a call still has its way.
    """
    context = EvaluationContext(corp_id, {"function": function, "corp_id": corp_id})
    try:
        found = now.openfeature_client.get_string_details(
            now.openfeature_flag, default.mode, context
        )
    except Exception as error:  # noqa: BLE001 - a stranger's client may raise anything.
        return Choice(default.mode, f"{default.reason} (openfeature: {type(error).__name__})")
    if found.error_code is not None:
        return Choice(default.mode, f"{default.reason} (openfeature: {found.error_code.value})")
    if found.value not in MODES:
        return Choice(default.mode, f"{default.reason} (openfeature: no such mode)")
    return Choice(cast("Mode", found.value), f"openfeature {found.reason or 'UNKNOWN'}".strip())
