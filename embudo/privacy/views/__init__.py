"""What the pages of consent and privacy answer."""
