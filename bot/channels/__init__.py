"""Ways in and out: parse, verify, hand over; render, deliver."""
