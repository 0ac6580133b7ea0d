"""The long work of imports: trying a file out, bringing it in, taking it back (work/kinds.py)."""
