"""Recipes: read, written, varied, frozen; and the models they name, found and hashed."""
