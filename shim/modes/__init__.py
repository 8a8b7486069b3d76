"""Which mode a call goes by, and each mode as a run of a translation."""
