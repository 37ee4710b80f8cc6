"""Work orders after the call: numbered, dispatched, answered, called back, closed."""
