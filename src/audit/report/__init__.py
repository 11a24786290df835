"""The report: a record laid out as a document, and the forms it is written in."""
