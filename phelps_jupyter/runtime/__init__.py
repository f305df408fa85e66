"""What travels to the engines as source: binds inputs, runs the body, digests and stores outputs, holds the limits.

Imports nothing of the layers above.
"""
