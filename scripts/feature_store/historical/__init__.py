"""Features as they stood at given times: training sets, time travel."""
