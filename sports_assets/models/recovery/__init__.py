"""How many days until an injured athlete is back in full training?"""
