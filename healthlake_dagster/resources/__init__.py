"""What touches the world: running jobs, running SQL, the lake's place. Made on use; importing costs
nothing."""
