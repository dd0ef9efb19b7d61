"""Who leads: understands a turn and knows the next step of a guide."""
