"""What each command does, before and after training, without a terminal: a module a command."""
