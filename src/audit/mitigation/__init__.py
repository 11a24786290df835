"""What to do about a gap: cut-offs, methods and alternatives, compared on the same people."""
