"""Task engines side by side: the same tasks in ours and in other tools, what they cost, and what becomes of them."""
