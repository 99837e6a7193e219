"""What is to be expected? One folder a model, all of one shape: features, fit, predict, evaluate."""
