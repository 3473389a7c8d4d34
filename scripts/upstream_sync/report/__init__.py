"""What changed upstream, told to people: on the terminal, as Markdown for an issue, as a page that needs no network."""
