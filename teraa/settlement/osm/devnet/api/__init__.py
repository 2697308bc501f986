"""The public API and the webhooks API of ARK Core 2.5, spelt over the chain and the pool."""
