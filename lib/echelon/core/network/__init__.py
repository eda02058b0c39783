"""Which lanes are used, lead times learned from deliveries, suppliers."""
