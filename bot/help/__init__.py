"""The public help centre: search, one page an entry, and the pages that carry the widget."""
