"""Measurements behind the figures in the documents; `make bench` repeats them."""
