"""Pages: one self-contained file each, with its plots, that opens from disk without a network."""
