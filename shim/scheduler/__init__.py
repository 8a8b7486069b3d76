"""Performs what translations ask for, blocking or awaiting, until they return."""
