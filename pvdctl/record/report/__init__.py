"""What people read of a run: one page with its figures, and the plots in it."""
