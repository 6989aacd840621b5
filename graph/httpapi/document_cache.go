package httpapi

import (
	"container/list"
	"sync"
)

const (
	// maxDocuments and maxDocumentBytes bound what strangers can make us remember.
	maxDocuments     = 1000
	maxDocumentBytes = 8 << 20
	// maxDocument is the largest text that is worth the place of several others.
	maxDocument = maxDocumentBytes / 8
)

// documentCache keeps the texts of automatic persisted queries by their SHA-256; the least recently
// used go first. Nobody owns an entry: who knows the hash knows the text. Safe for concurrent use.
type documentCache struct {
	mutex   sync.Mutex
	entries map[string]*list.Element
	recent  *list.List // of document, the latest in front
	bytes   int
}

type document struct{ id, text string }

func newDocumentCache() *documentCache {
	return &documentCache{entries: map[string]*list.Element{}, recent: list.New()}
}

func (c *documentCache) get(id string) (text string, found bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.entries[id]
	if !found {
		return "", false
	}
	c.recent.MoveToFront(element)
	return element.Value.(document).text, true
}

func (c *documentCache) add(id, text string) {
	if len(text) > maxDocument {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if element, found := c.entries[id]; found {
		c.recent.MoveToFront(element)
		return
	}
	c.entries[id] = c.recent.PushFront(document{id, text})
	c.bytes += len(id) + len(text)
	for c.recent.Len() > maxDocuments || c.bytes > maxDocumentBytes {
		oldest := c.recent.Remove(c.recent.Back()).(document)
		delete(c.entries, oldest.id)
		c.bytes -= len(oldest.id) + len(oldest.text)
	}
}
