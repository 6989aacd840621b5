package rediscache

// ForceSingleClient lets a Redis that passes for a Cluster of one, as that of the tests does, be a single server.
func (c *Cache) ForceSingleClient() { c.option.ForceSingleClient = true }
