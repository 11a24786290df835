"""Bundled data: real decisions and outcomes with roles ready to audit and a card each.

`load(name)` reads one, `names()` lists them, `card(name)` is its documentation and
`known_defects(...)` recognises columns whose labels are known to be wrong.
"""

from audit.datasets.dataset import Dataset
from audit.datasets.defects import known_defects, noted
from audit.datasets.shelf import card, folder, load, names, title

__all__ = ["Dataset", "card", "folder", "known_defects", "load", "names", "noted", "title"]
