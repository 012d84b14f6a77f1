"""Moving pictures in a terminal: half-blocks by difference, pacing, stills in the terminal's own protocols."""
