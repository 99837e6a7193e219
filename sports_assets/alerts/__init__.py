"""Who left the personal norm?"""
