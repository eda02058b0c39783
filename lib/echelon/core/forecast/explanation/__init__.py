"""What drives a forecast."""
