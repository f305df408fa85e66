"""What the user touches: they parse, call the session, and show."""
