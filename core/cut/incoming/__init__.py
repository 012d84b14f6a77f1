"""Cuts and logs as they come in, in every form, put in order."""
