"""Places, distances and areas to avoid.

Knows arrays and geometry, and nothing of Flask, of databases or of the time.
"""
