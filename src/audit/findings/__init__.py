"""Findings: dated policies, the verdict rule, and the record of everything an audit found."""
