"""One stocking point: exact and approximate policies."""
