"""The screens of people: the list, one person, and what may be said of them."""
