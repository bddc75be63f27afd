"""Many trainings one after the other: lines read, begun in order, resumed, each as `dlcli train` alone would do it."""
