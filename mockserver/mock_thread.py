"""The threads of the mock itself, told from those of the code under test."""

from threading import Thread


class MockThread(Thread):
    """A thread on which time is real, whatever the code under test sleeps meanwhile."""
