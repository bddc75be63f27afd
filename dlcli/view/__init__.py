"""What a person sees. It knows numbers and text, never models.

`console` gives the streams, `tables`, `bars`, `curve`, `histogram`, `halfblocks` and the graphs are what is drawn, `live` and
`terminal` show a training as it runs, and each result of a command has a module of its own.
"""
