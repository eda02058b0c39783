"""Stock levels of one SKU's supply network: its model, simulation, plans and why they are so."""
