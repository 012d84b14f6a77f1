"""Pictures in and out: movies, sequences, stills, colour, measures and sheets."""
