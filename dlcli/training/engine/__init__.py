"""How epochs are run: which engine, its steps, XLA, and what is measured."""
