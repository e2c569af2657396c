import logging

# Before it is imported: it says hundreds of lines of its own workings into the logs of tasks.
logging.getLogger("great_expectations").setLevel(logging.WARNING)
