"""What people look at. Everything here is derived from stored records; nothing is measured."""
