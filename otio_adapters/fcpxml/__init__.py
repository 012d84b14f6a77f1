"""Final Cut's XML read and written with exact times."""
