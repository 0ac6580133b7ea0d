"""The pages of forms: for those who build them, and for those who fill them in."""
