"""The pure core: knows notebooks, graphs, keys, plans and placement; touches no clock, thread, socket or file."""
