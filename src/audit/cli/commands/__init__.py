"""One module a command (or a pair); each is imported when its command runs."""
