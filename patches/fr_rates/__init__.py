"""What text messages cost from France: by territory, by group of territories, and abroad."""
