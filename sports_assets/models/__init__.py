"""What is to be expected? One folder a model: features, fit, predict, evaluate."""
