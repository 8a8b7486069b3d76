"""Python imports this in each process of `fxshim run`, since PYTHONPATH begins with its folder.

It starts what `fxshim run` needs, and then runs the program's own `sitecustomize`, if there is one,
as Python would have. Its folder leaves `sys.path`; children find it by PYTHONPATH.
"""


def _start() -> None:
    import os
    import sys

    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is slow to load.
    try:
        import _fxshim_run  # type: ignore[import-not-found,unused-ignore]

        try:
            _fxshim_run.begin(own)
        except Exception as error:  # noqa: BLE001 - as below.
            _fxshim_run.record("N", f"the shim did not start: {type(error).__name__}")
    except Exception:  # noqa: BLE001, S110 - nothing of ours keeps the program from starting.
        pass
    sys.path[:] = [one for one in sys.path if one != own]
    ours = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
        # The import of this module is under way, and ends with an error without it.
        sys.modules["sitecustomize"] = ours


_start()
