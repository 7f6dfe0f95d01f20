"""Reports of a verdict, for people and for machines.

`masked` takes the secrets out of a verdict, which every report asks for. `files` writes reports to files, `terminal`
prints, `github` annotates, `progress` shows a run that goes on, `curl` gives the line that repeats a request.
"""
