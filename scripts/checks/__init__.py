"""`./scripts/test`: everything that has to hold before a change is taken."""
