"""The board: the runs of a folder as they grow, served to the browser of this machine alone."""
