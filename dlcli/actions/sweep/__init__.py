"""Searches: which trials there are and who has them, asked of Optuna, each trained as `dlcli train` would do it."""
