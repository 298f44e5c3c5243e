"""Messages about one person's matters, by template or subscription of a service account."""
