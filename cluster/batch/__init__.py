"""Workers in the jobs of batch systems."""
