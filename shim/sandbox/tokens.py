"""The corporate access tokens: how long they live and when a new one is given.

Times are seconds of the sandbox's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shim.sandbox.envelope import Refused
from shim.sandbox.seeds import generator, hexes

if TYPE_CHECKING:
    import random

#: Grade A: a token lives this long …
LIFE: Final = 7200.0
#: … and the same one is given again for this long.
SAME: Final = 6600.0


@dataclass
class _Token:
    text: str
    issued: float
    calls_left: int | None
    revoked: bool = False

    def lives(self, now: float) -> bool:
        return not self.revoked and self.calls_left != 0 and now < self.issued + LIFE


class Tokens:
    """All tokens a tenant has given out, the first of them at the start."""

    def __init__(self, seed: int, now: float, calls: int | None) -> None:
        self._random: random.Random = generator(seed, "tokens")
        self._calls = calls
        self._given: dict[str, _Token] = {}
        self._newest = self._give(now)

    def __repr__(self) -> str:
        return f"<Tokens given={len(self._given)}>"

    @property
    def newest(self) -> str:
        """The token given last, whether it still lives or not."""
        return self._newest.text

    def ask(self, now: float) -> tuple[str, int]:
        """Return a token that lives, and the seconds it has left.

        The newest again while it is younger than 6600 s, else a new one; the old lives on.
        """
        token = self._newest
        if not token.lives(now) or now >= token.issued + SAME:
            token = self._newest = self._give(now)
        # U: whether a repeated answer says what is left or 7200 again. The safe reading is this.
        return token.text, int(token.issued + LIFE - now)

    def use(self, text: str, now: float) -> None:
        """Spend one call of a token.

        Raises:
            Refused: 20016, the token was never given, is too old, used up or revoked.
        """
        token = self._given.get(text)
        if token is None or not token.lives(now):
            raise Refused(20016)
        if token.calls_left is not None:
            token.calls_left -= 1

    def revoke(self) -> None:
        """Make every token given so far useless."""
        for token in self._given.values():
            token.revoked = True

    def _give(self, now: float) -> _Token:
        token = _Token(hexes(self._random, 32), now, self._calls)
        self._given[token.text] = token
        return token
