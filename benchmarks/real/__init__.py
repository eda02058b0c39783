"""Real demand through the stages: sets as users would have them, planned at a cut, scored on the days after it."""
