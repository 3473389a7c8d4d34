"""The French series: each folder here swaps one British part for a French one (docs/how-to/write-a-patch.md)."""
