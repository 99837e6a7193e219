"""Moments cut from footage: for a person, and for training sets."""
