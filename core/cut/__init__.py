"""The cut: reading a timeline, finding its shots, writing the timeline that goes back."""
