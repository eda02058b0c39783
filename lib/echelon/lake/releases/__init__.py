"""What readers see: the tables of one finished run, together."""
