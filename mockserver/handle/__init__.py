"""What a test holds of a mock: the same in process and over HTTP, typed, answers as the control API has them.

sandbox     PixverseSandbox: the sandbox of one token, and all that hangs on it
in_process  PixverseMock: the same of a mock in this process, with the apps that receive its callbacks
live        PixverseServer: a mock that runs somewhere, and sandboxes on it
asking      one call of the control API, in process or over HTTP
clock, accounts, faults, requests, sink    the parts of a sandbox
told        the forms of answers
report      the story of sandboxes for a person
"""
