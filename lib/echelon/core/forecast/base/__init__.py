"""What every candidate builds on: its interface, the seasonal naive that stands in for it, and a limit of time."""
