"""Detectors of people: by motion, by a network, by a service; one protocol."""
