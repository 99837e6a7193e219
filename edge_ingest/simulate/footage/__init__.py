"""A match drawn as a still camera sees it, with its truth: people, ball, boxes, the camera."""
