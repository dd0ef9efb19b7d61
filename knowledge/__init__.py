"""A question in, a ranking of entries out: owns the entries, their life, their quality, and the database door."""
