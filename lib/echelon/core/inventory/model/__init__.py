"""What one SKU's supply network is."""
