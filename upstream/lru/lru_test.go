package lru

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// held returns which of the keys have a value, without using any.
func (c *Cache[K, V]) held(keys ...K) string {
	var found []string
	for _, key := range keys {
		if _, has := c.entries[key]; has {
			found = append(found, fmt.Sprint(key))
		}
	}
	return strings.Join(found, " ")
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	var dropped []string
	c := New[string, string](10, func(value string) { dropped = append(dropped, value) })
	c.Put("a", "A", 4)
	c.Put("b", "B", 3)
	c.Put("c", "C", 3)
	if value, found := c.Get("a"); !found || value != "A" {
		t.Fatalf("got %q, %v", value, found)
	}
	c.Put("d", "D", 1) // in place of b
	if got := c.held("a", "b", "c", "d"); got != "a c d" || c.Size() != 8 {
		t.Errorf("%s, %d", got, c.Size())
	}
	c.Resize("c", 6) // in place of a
	if got := c.held("a", "b", "c", "d"); got != "c d" || c.Size() != 7 {
		t.Errorf("%s, %d", got, c.Size())
	}
	c.Put("c", "second C", 2)
	if value, _ := c.Get("c"); value != "second C" || c.Size() != 3 {
		t.Errorf("got %q, %d", value, c.Size())
	}
	c.Remove("d")
	c.Remove("d")
	c.Resize("d", 5)
	if _, found := c.Get("d"); found || c.Size() != 2 {
		t.Errorf("d was found, or %d", c.Size())
	}
	if want := []string{"B", "A", "C", "D"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %q, want %q", dropped, want)
	}
}

func TestWhatIsLargerThanTheCacheIsNotKept(t *testing.T) {
	c := New[string, int](10, nil)
	c.Put("other", 1, 5)
	c.Put("large", 2, 11)
	c.Put("grows", 3, 5)
	c.Resize("grows", 11)
	if got := c.held("other", "large", "grows"); got != "other" || c.Size() != 5 {
		t.Errorf("%s, %d", got, c.Size())
	}
}

func TestSizesAddUp(t *testing.T) {
	c := New[int, int](1000, nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 2000 {
				switch key := rand.IntN(100); rand.IntN(4) {
				case 0:
					c.Put(key, key, rand.IntN(100))
				case 1:
					c.Resize(key, rand.IntN(100))
				case 2:
					c.Remove(key)
				default:
					if value, found := c.Get(key); found && value != key {
						t.Errorf("%d under %d", value, key)
					}
				}
			}
		})
	}
	group.Wait()
	sum := 0
	for element := c.recent.Front(); element != nil; element = element.Next() {
		sum += element.Value.(*entry[int, int]).size
	}
	if c.size != sum || sum > c.max || len(c.entries) != c.recent.Len() {
		t.Errorf("%d counted as %d, of %d; %d entries, %d in order", sum, c.size, c.max, len(c.entries), c.recent.Len())
	}
}
