"""What has each athlete done, and how are they? Features as they were known on the day."""
