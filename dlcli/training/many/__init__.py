"""Many trainings, each in a process of its own that is forked from one in which Keras is imported already."""
