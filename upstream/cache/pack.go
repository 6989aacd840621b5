package cache

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	"ordergraph/upstream"
)

// packLevel is where smaller begins to cost more time than it saves room.
const packLevel = 4

// maxKeptBuffer is how large a buffer may be to be used again: one huge answer must not hold its memory
// for ever.
const maxKeptBuffer = 256 << 10

// packer makes answers small and whole again. The answers stay what they were, byte for byte: what
// is decoded from a copy must not differ from what was decoded at first.
//
// An order as Go structs takes 7 to 9 KB, its answer packed 1 to 2 KB: most of an answer is its
// field names, which the dictionary has, and digits.
type packer struct {
	dictionary []byte
	// writer takes about a megabyte, so there is one. It writes to buffer.
	writer  *flate.Writer
	buffer  bytes.Buffer
	readers sync.Pool // of *packReader
}

type packReader struct {
	io.ReadCloser
	packed bytes.Reader
	buffer bytes.Buffer
}

func newPacker() *packer {
	p := &packer{dictionary: dictionary()}
	p.writer, _ = flate.NewWriterDict(&p.buffer, packLevel, p.dictionary) // fails for a wrong level only
	p.readers.New = func() any {
		r := &packReader{}
		r.ReadCloser = flate.NewReaderDict(&r.packed, p.dictionary)
		return r
	}
	return p
}

// pack returns body in its small form. It must not be called by two at a time.
func (p *packer) pack(body []byte) []byte {
	p.writer.Reset(&p.buffer)
	// The writer fails only where its buffer does, and that never does.
	_, _ = p.writer.Write(body)
	_ = p.writer.Close()
	packed := bytes.Clone(p.buffer.Bytes())
	p.buffer.Reset()
	if p.buffer.Cap() > maxKeptBuffer {
		p.buffer = bytes.Buffer{}
	}
	return packed
}

// unpack calls use with the body that was packed; it is valid until use returns.
func (p *packer) unpack(packed []byte, use func(body []byte) error) error {
	r := p.readers.Get().(*packReader)
	r.packed.Reset(packed)
	r.buffer.Reset()
	if err := r.ReadCloser.(flate.Resetter).Reset(&r.packed, p.dictionary); err != nil {
		return fmt.Errorf("unpacking an answer: %w", err)
	}
	if _, err := r.buffer.ReadFrom(r.ReadCloser); err != nil {
		return fmt.Errorf("unpacking an answer: %w", err)
	}
	err := use(r.buffer.Bytes())
	if r.buffer.Cap() <= maxKeptBuffer {
		r.packed.Reset(nil)
		p.readers.Put(r)
	}
	return err
}

// dictionary returns a text that has much in common with an answer: what it contains costs next to
// nothing in each copy. It is free to change: no copy outlives the process.
func dictionary() []byte {
	return []byte(commonValues + wireNames(reflect.TypeFor[upstream.Order]()) + commonEnvelope)
}

const (
	// commonValues are values that the documents show in many orders, none of them personal.
	commonValues = `"product_img_url":["https://cbu01.alicdn.com/img/ibank/","http: //cbu01.alicdn.com/img/ibank/` +
		`.80x80.jpg",".jpg"],"product_snapshot_url":"https: //trade.1688.com/order/offersnapshot.htm?orderentryid=` +
		`https://trade.1688.com/order/offer_snapshot.htm?order_entry_id=","quantity":1,"refund":0,"sku_id":` +
		`waitsellersend","waitbuyerpay","waitselleragree","confirm_goods","success","cancel","terminated",` +
		`"status":"waitbuyerreceive","status_str":"等待买家付款","等待卖家发货","等待买家收货","交易成功","交易取消",` +
		`"type":"common","unit":"件","sku_infos":[{"name":"颜色","value":"白色"},{"name":"尺码","value":"},` +
		`{"name":"容量","value":"}],"entry_discount":0,"quantity_factor":1,"logistics_status":1,` +
		`"type":"0","status":"alreadysend","000+0800","000-0700","phone":"86-","mobile":"1` +
		`有限公司省 市 区 县街道镇路号"b2b-22","pay_status":"2","trade_type":"50060","business_type":"cn",` +
		`"refund_payment":0,"step_pay_all":false,"buyer_rate_status":5,"seller_rate_status":5,`
	commonEnvelope = `"guarantees_terms":[],"ext_attributes":[]}},"status":0}{"data":{"deduct_money":1,"result":{"base_info":{`
)

// wireNames returns the names that the fields of a struct, and of those within it, have on the wire.
func wireNames(structType reflect.Type) string {
	var text strings.Builder
	seen := map[reflect.Type]bool{}
	var collect func(reflect.Type)
	collect = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for field := range t.Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
				text.WriteString(`,"` + name + `":"`)
			}
			collect(field.Type)
		}
	}
	collect(structType)
	return text.String()
}
