"""The server: media in, events out, REST, pages. Every endpoint is a thin skin over `assistant`."""
