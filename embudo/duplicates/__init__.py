"""People who are probably one: found in the background, explained, and joined or told apart with one key."""
