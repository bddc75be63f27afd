"""Several devices that train one model: each takes its share of every batch, and all have the same weights."""
