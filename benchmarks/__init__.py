"""The commands that print the project's figures beside its rivals'."""
