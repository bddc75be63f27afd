"""Many trainings one after the other, lines or the runs of a group: begun in order, resumed, each as `dlcli train` would."""
