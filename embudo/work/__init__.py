"""Long work: somebody asks for it on a page, one process takes it up, everybody sees how far it is."""
