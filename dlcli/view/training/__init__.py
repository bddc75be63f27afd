"""What is shown while a training runs."""
