"""The fast kernel: distribution trees of order-up-to levels; forward pass, gradients, measures."""
