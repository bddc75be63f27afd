"""What a person sees: terminal, curves, pictures. It knows numbers and text, never models.

console    a console for standard output or error; a stream that goes silent when its terminal vanishes
tables     a calm table; numbers, sizes and durations as short text
problems   errors with the line of the file and a caret
bars       how many samples each class has
curve      lines over epochs, drawn with braille dots
halfblocks images drawn in the terminal
live       the training as it runs: on a terminal, line by line, or silent
picture    the loss curve as SVG and PNG
"""
