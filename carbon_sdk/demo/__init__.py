"""A compliance year, played from a scheme file and a list of installations: `carbon demo`."""
