"""What a run keeps of a training, and the one door through which commands come back to it."""
