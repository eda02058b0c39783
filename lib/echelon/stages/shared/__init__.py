"""What several stages need: settings and tables of the run, its time windows, notes, resumable parts."""
