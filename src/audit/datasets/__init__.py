"""Bundled data: real decisions and outcomes with roles ready to audit and a card each.

`load(name)` reads one, `names()` lists them, and `card(name)` is its documentation.
"""

from audit.datasets.dataset import Dataset
from audit.datasets.notes import noted
from audit.datasets.shelf import card, folder, load, names, title

__all__ = ["Dataset", "card", "folder", "load", "names", "noted", "title"]
