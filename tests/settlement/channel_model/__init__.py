"""A model of the channel: people who pay and nodes that err, and the laws that hold all the same."""
