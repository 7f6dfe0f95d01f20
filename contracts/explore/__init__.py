"""`contracts explore`: an order and a timing of what happens to a client that make it break a rule.

kinds      what can happen, sort by sort, and how a scenario says so
atoms      single things that happen, and the scenario that is made of them
proposals  which ones are tried, in which order
search     the search itself: it proposes, is told what came of it, and knows what was found
shrink     the least of what was found that still breaks the rule
trials     runs a client in scenarios, several side by side, each scenario once
exploring  all of it, one after the other
file       what was found, as a scenario file

Those are pure but for `trials`, which may use threads. What runs a client is given to them: a process, by the command,
or a function, in this one.
"""
