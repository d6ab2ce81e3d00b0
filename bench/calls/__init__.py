"""What carrying media costs, and how long people wait for it: `make bench-calls`."""
