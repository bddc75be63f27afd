"""The answers of a trained run over HTTP: rows and files in, classes and numbers out."""
