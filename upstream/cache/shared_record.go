package cache

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"ordergraph/upstream"
)

// What instances tell each other through the shared cache, which keeps it from strangers and from being
// changed. Whatever can't be read is a miss: another release may have written it.

// recordFormat is the first byte of copies and needs.
const recordFormat = 1

var errRecord = errors.New("the record can't be read")

// encodeCopy returns a copy as other instances read it: format, time of fetching in microseconds since 1970, length
// of the needs, needs, compressed answer.
func encodeCopy(s *snapshot) []byte {
	needs := encodeNeeds(s.held)
	record := make([]byte, 0, 13+len(needs)+len(s.compressed))
	record = append(record, recordFormat)
	record = binary.BigEndian.AppendUint64(record, uint64(time.Unix(0, s.fetchedAt).UnixMicro()))
	record = binary.BigEndian.AppendUint32(record, uint32(len(needs)))
	record = append(record, needs...)
	return append(record, s.compressed...)
}

// decodeCopy reads the copy of another instance. It is as fresh as this one's settings have it, and was not fetched
// in the future, whatever the other's clock says.
func (c *Cache) decodeCopy(k key, version upstream.Version, record []byte, now time.Time) (*snapshot, error) {
	if len(record) < 13 || record[0] != recordFormat {
		return nil, errRecord
	}
	micros := binary.BigEndian.Uint64(record[1:])
	if micros > math.MaxInt64/1000 {
		return nil, errRecord
	}
	fetchedAt := time.UnixMicro(int64(micros))
	rest := record[13:]
	length := binary.BigEndian.Uint32(record[9:])
	if uint64(length) > uint64(len(rest)) {
		return nil, errRecord
	}
	held, err := decodeNeeds(rest[:length])
	if err != nil {
		return nil, err
	}
	compressed := rest[length:]
	answer, err := upstream.DecompressAnswer(compressed, k.order, fetchedAt)
	if err != nil || answer.Order == nil {
		return nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	freshFrom := fetchedAt
	if now.Before(fetchedAt) {
		freshFrom = now
	}
	return &snapshot{
		key: k, version: version, held: held, fetchedAt: fetchedAt.UnixNano(),
		points: answer.Points, freshUntil: freshFrom.Add(c.options.timeToLive(answer.Order)), compressed: compressed,
	}, nil
}

// encodeNeeds returns needs as other instances read them: format, domains, attribute keys with a zero byte after
// each.
func encodeNeeds(needs upstream.Needs) []byte {
	record := []byte{recordFormat, byte(needs.Domains)}
	for _, key := range needs.AttributeKeys {
		if strings.IndexByte(key, 0) < 0 { // others ask for it themselves
			record = append(append(record, key...), 0)
		}
	}
	return record
}

// decodeNeeds reads what encodeNeeds wrote. Domains that only a later release knows are left out: this one can't
// ask for them, and so must not say that a copy has them.
func decodeNeeds(record []byte) (needs upstream.Needs, err error) {
	if len(record) < 2 || record[0] != recordFormat || len(record) > 2 && record[len(record)-1] != 0 {
		return needs, errRecord
	}
	needs.Domains = upstream.Domains(record[1]) & (upstream.DomainOrderInvoice<<1 - 1)
	if len(record) > 2 {
		for key := range strings.SplitSeq(string(record[2:len(record)-1]), "\x00") {
			if n := len(needs.AttributeKeys); n > 0 && needs.AttributeKeys[n-1] >= key {
				return upstream.Needs{}, errRecord
			}
			needs.AttributeKeys = append(needs.AttributeKeys, key)
		}
	}
	return needs, nil
}

// failureRecord is how a call ended that brought no order, as other instances read it.
type failureRecord struct {
	Tenant           upstream.TenantHash `json:"tenant"`
	Site             upstream.WebSite    `json:"site"`
	Edition          upstream.Edition    `json:"edition"`
	ID               int64               `json:"id,string"`
	NoOrder          bool                `json:"noOrder,omitempty"`
	Kind             string              `json:"kind,omitempty"`
	Status           int                 `json:"status,omitempty"`
	AuthorizationURL string              `json:"authorizationUrl,omitempty"`
	Outage           bool                `json:"outage,omitempty"`
	RetryAfter       time.Duration       `json:"retryAfter,omitempty"`
	At               time.Time           `json:"at"`
}

var errOtherInstance = errors.New("as another instance was told")

// encodeFailure returns how a call failed, for those who wait for it in other instances: nil if that says nothing to
// them, because it was this instance that could not make the call. A nil failure is success without an order.
func encodeFailure(k key, failure error, now time.Time) []byte {
	record := failureRecord{Tenant: k.tenant, Site: k.order.Site, Edition: k.order.Edition, ID: int64(k.order.ID), At: now}
	if failure == nil {
		record.NoOrder = true
	} else {
		cause, ofUpstream := errors.AsType[*upstream.Error](failure)
		if !ofUpstream {
			return nil
		}
		switch cause.Kind {
		case upstream.KindOverloaded, upstream.KindInternal, upstream.KindUnauthenticated, upstream.KindBudgetExhausted, upstream.KindNotCached:
			return nil
		}
		record.Kind, record.Status, record.AuthorizationURL = cause.Kind.String(), cause.Status, cause.AuthorizationURL
		record.Outage, record.RetryAfter = cause.Outage, cause.RetryAfter
	}
	encoded, _ := json.Marshal(record) // has nothing that can fail
	return encoded
}

// decodeFailure reads what encodeFailure wrote: about which order, since when, and the failure, nil if there is no
// such order.
func decodeFailure(encoded []byte) (about key, at time.Time, failure *upstream.Error, err error) {
	var record failureRecord
	if err := json.Unmarshal(encoded, &record); err != nil {
		return key{}, at, nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	about = key{record.Tenant, upstream.Key{Site: record.Site, Edition: record.Edition, ID: upstream.OrderID(record.ID)}}
	if record.NoOrder {
		return about, record.At, nil, nil
	}
	kind, known := upstream.ParseKind(record.Kind)
	if !known {
		return key{}, at, nil, errRecord
	}
	return about, record.At, &upstream.Error{
		Kind: kind, Status: record.Status, AuthorizationURL: record.AuthorizationURL,
		Outage: record.Outage, RetryAfter: record.RetryAfter, Cause: errOtherInstance,
	}, nil
}
