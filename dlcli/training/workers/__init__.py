"""Training as one of several workers: who leads, who follows, and the command that watches over each."""
