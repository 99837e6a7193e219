"""Who is who over time? People followed over all cameras, their sides, roles and names."""
