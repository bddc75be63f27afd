"""Width, colour and tables of a terminal, and a value as JSON."""
