"""Why: what drives a gap, through which features, and for whom."""
