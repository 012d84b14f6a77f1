"""The show's memory: acts as commits, claimed numbers, review events and render records."""
