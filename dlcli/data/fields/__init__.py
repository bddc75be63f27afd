"""What a source hands over: named columns, in memory or read when they are asked for."""
