"""The common question over UDP, for a hundredth of what the slow path costs."""
