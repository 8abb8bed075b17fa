"""What every method ends with: a sign-in, its tokens and cookies, and who sends a request."""
