"""What `inspect-data` tells of tensors and columns."""
