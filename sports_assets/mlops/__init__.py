"""Are the models right, and do they stay so? Evaluation, promotion, profiles, drift."""
