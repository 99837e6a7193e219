"""What do people read?"""
