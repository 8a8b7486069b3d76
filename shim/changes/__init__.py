"""Bringing members and departments to a state, whoever asks for it; what became of each.

Stands between the old calls and the object API: `shim.offline` and `shim.bulk` both ask here.
"""
