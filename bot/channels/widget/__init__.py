"""The website widget's channel: sessions, messages by cursor, live hints."""
