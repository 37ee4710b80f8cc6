"""The call: recognition, ticket, events, store, server, command line."""
