"""What comes after training: evaluate, predict, inspect."""
