"""How did each side stand? Formations by window of minutes and by phase of play."""
