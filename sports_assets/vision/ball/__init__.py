"""Where was the ball? Candidates in every frame, and the path through them."""
