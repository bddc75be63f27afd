"""Curves, bars, graphs and pictures, as text or as files."""
