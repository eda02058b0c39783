"""Any network of stocking points, simulated with gradients: what docs/network-model.md describes."""
