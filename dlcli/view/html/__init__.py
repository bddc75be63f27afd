"""Pages of HTML that need no network: a part is a file here and a template, and is drawn from the results of a terminal."""
