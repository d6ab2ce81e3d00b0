"""Tertulia's server: one folder a domain, kit below them all, main above."""

__version__ = "0.1.0"
