"""What a model says of new data, as columns, part after part."""
