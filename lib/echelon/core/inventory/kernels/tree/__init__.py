"""Monte Carlo simulation of one SKU's network: path drawing, forward pass, gradients, measures."""
