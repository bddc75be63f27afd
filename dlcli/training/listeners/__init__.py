"""Who is told of a training while it runs and at its end."""
