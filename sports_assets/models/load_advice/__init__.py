"""How much load should next week hold?"""
