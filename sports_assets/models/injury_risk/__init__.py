"""How likely is a time-loss injury within seven days?"""
