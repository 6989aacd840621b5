package rediscache

import "ordergraph/upstream/cache/shared"

// ForceSingleClient lets a Redis that passes for a Cluster of one, as that of the tests does, be a single server.
func (c *Cache) ForceSingleClient() { c.link.Load().option.ForceSingleClient = true }

// CopyKey and LeaseKey return where those of an order are.
func (c *Cache) CopyKey(name shared.Name) string  { return c.link.Load().keys.copyKey(name) }
func (c *Cache) LeaseKey(name shared.Name) string { return c.link.Load().keys.leaseKey(name) }
