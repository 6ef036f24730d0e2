"""Throughput and latency against num_streams."""
