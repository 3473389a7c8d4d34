"""Following upstream: facts of its code at a pinned commit, at a newer one, and of ours, and what to do about them."""
