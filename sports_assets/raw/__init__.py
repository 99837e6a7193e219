"""What arrived?"""
