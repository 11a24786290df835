"""Dated policy packs: data files beside this one, and `load` to read them."""

from audit.findings.policies.pack import load, names

__all__ = ["load", "names"]
