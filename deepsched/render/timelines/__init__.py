"""Requests over time, and as a trace for Perfetto."""
