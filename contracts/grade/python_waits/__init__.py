"""A folder for PYTHONPATH, with a module that Python loads when it starts."""
