"""The agreed definition of a lead: its versions, and which one is in force when."""
