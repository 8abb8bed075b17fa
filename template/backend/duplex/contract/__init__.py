"""The contract: JSON Schemas of the states' models."""
