"""The driver of the Worker Memory Lab."""
