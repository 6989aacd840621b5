package respcache

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkFind finds one answer, or each of a thousand in turn, by requests of 600 bytes. Run it with
// -cpu 1,2,4 to see what the lock costs.
func BenchmarkFind(b *testing.B) {
	for _, entries := range []int{1, 1000} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			c := New(newShelf(), 64<<20)
			var requests []Request
			for i := range entries {
				request := Request{Raw: append(bytes.Repeat([]byte("x"), 600), fmt.Sprint(i)...)}
				requests = append(requests, request)
				keep(c, scopeOf(""), request, of("one"))
			}
			s := scopeOf("")
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for i := 0; p.Next(); i++ {
					if c.Get(s, requests[i%entries]) == nil {
						b.Error("not found")
					}
				}
			})
		})
	}
}
