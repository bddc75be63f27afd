"""How far answers can be trusted: how well they rank, how often probabilities come true, how far numbers are off."""
