"""Counting rows into small cubes: the one pass that everything else is computed from."""
