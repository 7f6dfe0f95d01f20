"""Contract tests for both sides of the API."""
