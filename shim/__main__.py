"""`python -m shim`: the command `fxshim`, where it is not on PATH."""

from shim.cli import main

main()
