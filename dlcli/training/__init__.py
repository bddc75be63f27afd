"""Training: from a checked configuration to a run with a model, a history and a verdict."""
