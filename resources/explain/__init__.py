"""Where a number on a page comes from: from the page back to the rows of a drop's file."""
