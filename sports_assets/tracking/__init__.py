"""How did they move?"""
