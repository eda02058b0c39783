"""CSV files: their headers, encodings, and records that go over several lines."""
