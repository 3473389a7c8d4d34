"""Figures, printed by `./scripts/bench`: a benchmark measures, it never fails."""
