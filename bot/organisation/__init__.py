"""What differs from one organisation to the next: data, never code."""
