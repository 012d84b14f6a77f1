"""Cuts as they go out, in every form, read back and compared with what was meant."""
