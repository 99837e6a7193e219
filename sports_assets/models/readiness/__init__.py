"""How ready will the athlete say they are tomorrow?"""
