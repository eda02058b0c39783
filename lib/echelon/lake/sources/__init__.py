"""Sources: files or tables of any kind as text under our column names, with the file and the row as it was."""
