"""Sources that need no file of the person: bundled, generated and public data sets."""
