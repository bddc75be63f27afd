"""What a person sees: tables, curves, pictures, the live view of training. Knows numbers and text, no models."""
