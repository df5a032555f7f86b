"""What it costs, measured and compared with what it cost before: `make bench`."""
