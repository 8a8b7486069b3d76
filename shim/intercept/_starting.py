"""The start module, which is no part of a package: find it, or load it from its file."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from shim._forks import ProcessLock

_NAME = "_fxshim_start"
_loading = ProcessLock()


def start_module() -> Any:
    """Return the module that watches: the one that `fxshim run` has started, if it has."""
    with _loading.held():
        if _NAME not in sys.modules:
            path = Path(__file__).with_name("_autoload") / f"{_NAME}.py"
            spec = spec_from_file_location(_NAME, path)
            # A file in the package has both.
            module: Any = module_from_spec(spec)  # type: ignore[arg-type]
            sys.modules[_NAME] = module
            spec.loader.exec_module(module)  # type: ignore[union-attr]
        return sys.modules[_NAME]
