"""Tables: which column plays which part, checked; the last place where a row exists."""
