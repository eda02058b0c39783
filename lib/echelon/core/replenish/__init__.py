"""From stock levels and today's stock to orders, transfers and exceptions."""
