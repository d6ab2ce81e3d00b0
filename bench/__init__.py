"""Figures: what the promises cost on this machine. `make bench`."""
