"""What failed, and what is late?"""
