"""From a checked configuration to a compiled model with its data: what stands before the first step."""
