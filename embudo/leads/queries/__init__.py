"""What screens ask of the people tables: filters, pages of the list, the story of one person."""
