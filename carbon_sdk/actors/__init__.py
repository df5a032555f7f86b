"""The people of a carbon market: one class for each role, its verbs as methods."""
