"""One file a section: record -> Section. Order and words are decided here."""
