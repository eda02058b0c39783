"""Serial systems, one warehouse with retailers, guaranteed service."""
