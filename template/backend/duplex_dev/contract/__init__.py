"""TypeScript from the contract, and which changes break clients."""
