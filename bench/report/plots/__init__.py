"""Plots as Vega-Lite specifications. Pure functions from figures; nothing is drawn here."""
