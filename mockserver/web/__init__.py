"""The Flask application: the contract's routes, the control API and the pages that a person reads."""
