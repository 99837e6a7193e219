"""What are the facts?"""
