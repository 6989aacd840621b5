package upstream

import (
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strings"
)

// Domains is the set of optional parts of an order (include_fields, 查询结果中包含的域). The zero
// value needs none of them: the base document, which every answer brings.
type Domains uint8

const (
	DomainGuaranteesTerms Domains = 1 << iota // 保障条款
	DomainNativeLogistics                     // 物流信息
	DomainRateDetail                          // 评价详情
	DomainOrderInvoice                        // 发票信息
)

const (
	// AllDomains is every domain, DomainCount how many those are.
	AllDomains  = DomainOrderInvoice<<1 - 1
	DomainCount = len(domainNames)
)

// domainNames holds the wire values in the order in which they are sent.
var domainNames = [...]string{"GuaranteesTerms", "NativeLogistics", "RateDetail", "OrderInvoice"}

// ParseDomain returns the domain with the given wire value.
func ParseDomain(name string) (Domains, error) {
	i := slices.Index(domainNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("unknown domain %q, want one of %s", name, strings.Join(domainNames[:], ", "))
	}
	return 1 << i, nil
}

// Asked returns the domains that a call for d asks for. The upstream documents no way to ask for
// none, so the base document is asked for with the smallest domain.
func (d Domains) Asked() Domains {
	if d == 0 {
		return DomainGuaranteesTerms
	}
	return d
}

// Covers reports whether every domain of other is in d.
func (d Domains) Covers(other Domains) bool { return other&^d == 0 }

// Len returns the number of domains in d.
func (d Domains) Len() int { return bits.OnesCount8(uint8(d)) }

// All returns each domain in d by itself.
func (d Domains) All() iter.Seq[Domains] {
	return func(yield func(Domains) bool) {
		for ; d != 0; d &= d - 1 {
			if !yield(d & -d) {
				return
			}
		}
	}
}

// String returns the wire value of include_fields for a call that needs d; never empty.
func (d Domains) String() string {
	d = d.Asked()
	names := make([]string, 0, d.Len())
	for i, name := range domainNames {
		if d&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// Needs is what a selection needs of one order: its domains, and the keys of extra attributes
// (attribute_keys, 垂直表中的attributeKeys).
type Needs struct {
	Domains Domains
	// AttributeKeys is sorted and holds no key twice. It may be shared: never change it in place.
	AttributeKeys []string
}

// Covers reports whether an answer to n also answers other.
func (n Needs) Covers(other Needs) bool {
	if !n.Domains.Covers(other.Domains) {
		return false
	}
	for _, key := range other.AttributeKeys {
		if _, found := slices.BinarySearch(n.AttributeKeys, key); !found {
			return false
		}
	}
	return true
}

// Union returns what both need.
func (n Needs) Union(other Needs) Needs {
	return Needs{Domains: n.Domains | other.Domains, AttributeKeys: unionKeys(n.AttributeKeys, other.AttributeKeys)}
}

func unionKeys(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return b
	}
	keys := slices.Concat(a, b)
	slices.Sort(keys)
	return slices.Compact(keys)
}
