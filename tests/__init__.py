"""Our tests. A package of that name also comes with a dependency; ours must be found first."""
