"""Where does a still camera stand? From the lines of the pitch, or as a person told."""
