"""From nouns to text and HTML: Jinja2, then Markdown, then the layouts. Nothing is sent here."""
