"""From a network and targets to levels: search, promises checked on paths of their own, textbook levels without simulation."""
