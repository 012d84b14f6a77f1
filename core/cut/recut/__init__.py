"""Two cuts compared: which clip is which, and what became of it."""
