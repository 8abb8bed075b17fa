"""The broker in Redis or Valkey, for several workers."""
