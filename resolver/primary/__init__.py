"""What only the owner of the zones does: signed updates, transfers to secondaries, notifications."""
