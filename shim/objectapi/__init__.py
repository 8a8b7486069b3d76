"""The recommended API: calls as values, replies, and the ways to exchange one for the other.

Knows nothing of the offline API. `exchange` says what has to happen for one call, without
doing it; `http` does it, blocking or awaiting.
"""
