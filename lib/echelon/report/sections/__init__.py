"""The sections of the report, each from frames to what its template shows."""
