"""`contracts grade`: a mock watches a client at work and says, rule by rule, whether it behaves."""
