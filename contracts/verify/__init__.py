"""`contracts verify`: does a provider keep the contract?"""
