"""What was measured of several settings, on one HTML page."""
