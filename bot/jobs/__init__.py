"""Work that goes on beside requests: delivery, recovery, keeping the index current."""
