"""What a plain Keras script is made of: its expressions, its model, its training, and the proof that it is the same."""
