"""What is measured of a model and its data, for the checks before a training and for the verdict after it."""
