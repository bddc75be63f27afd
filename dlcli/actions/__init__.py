"""What each command does, without a terminal: from its arguments to a typed result."""
