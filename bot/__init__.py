"""A message in, a reply or a ticket out, delivered: the service."""
