package upstream

import (
	"reflect"
	"strings"
	"sync"
)

// packingTables are the names and texts that the packed form of an answer refers to by number.
type packingTables struct {
	// names and texts are in quotes. No name has the number nameEnd.
	names     []string
	nameCodes map[string]int
	texts     []string
	textCodes map[string]byte
	phrases   []string
	// phrasesBy has the numbers of the phrases by their first byte.
	phrasesBy [256][]int
}

// usualTexts are whole values that many orders have, none of them personal.
var usualTexts = []string{
	"", "common", "b2b", "件", "箱", "双", "个", "套", "条", "只", "颜色", "尺码", "尺寸", "规格", "容量", "型号", "白色", "黑色", "均码",
	"waitbuyerpay", "waitsellersend", "waitlogisticstakein", "waitbuyerreceive", "waitbuyersign", "signinsuccess", "confirm_goods",
	"success", "cancel", "terminated", "waitselleragree", "waitbuyermodify", "waitbuyersend", "waitsellerreceive", "refundsuccess",
	"refundclose", "alreadysend", "WAIT_SELLER_AGREE", "REFUND_SUCCESS", "REFUND_CLOSED", "WAIT_PAY", "PAY_SUCCESS", "PAYER_PAID",
	"buyerCancel", "other", "cn", "ws", "yp", "wholesale", "ta", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "10", "12", "13", "50060",
	"等待买家付款", "等待卖家发货", "等待买家收货", "交易成功", "交易取消", "交易关闭", "不需要物流", "true", "false", "null", "UNCREATED", "-1", "86-",
}

// usualPhrases are parts of values that many orders have. Each is longer than a symbol or two.
var usualPhrases = []string{
	"https://cbu01.alicdn.com/img/ibank/", "http://cbu01.alicdn.com/img/ibank/", "http: //cbu01.alicdn.com/img/ibank/",
	"https: //trade.1688.com/order/offersnapshot.htm?orderentryid=", "https://trade.1688.com/order/offer_snapshot.htm?order_entry_id=",
	"https://", "http://", ".80x80.jpg", ".jpg", ".png", ".alicdn.com/", ".1688.com/", "b2b-", `\n        `, "有限公司", "科技有限公司",
}

// packTables returns the tables. They are made when they are needed first.
var packTables = sync.OnceValue(func() *packingTables {
	t := &packingTables{names: []string{`""`}, nameCodes: map[string]int{}, textCodes: map[string]byte{}, phrases: usualPhrases}
	for _, name := range []string{"data", "result", "deduct_money", "status", "code", "msg", "message", "id_of_str"} {
		t.addName(name)
	}
	t.addNames(reflect.TypeFor[Order](), map[reflect.Type]bool{})
	for _, text := range usualTexts {
		t.addText(text)
	}
	for number, phrase := range t.phrases {
		t.phrasesBy[phrase[0]] = append(t.phrasesBy[phrase[0]], number)
	}
	return t
})

// addNames adds the names that the fields of a struct, and of those within it, have on the wire.
func (t *packingTables) addNames(structType reflect.Type, seen map[reflect.Type]bool) {
	for structType.Kind() == reflect.Pointer || structType.Kind() == reflect.Slice {
		structType = structType.Elem()
	}
	if structType.Kind() != reflect.Struct || seen[structType] {
		return
	}
	seen[structType] = true
	for field := range structType.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		t.addName(key)
		for alias := range strings.SplitSeq(field.Tag.Get("alias"), ",") {
			t.addName(alias)
		}
		t.addNames(field.Type, seen)
	}
}

func (t *packingTables) addName(name string) {
	if _, known := t.nameCodes[name]; name == "" || name == "-" || known {
		return
	}
	t.nameCodes[name] = len(t.names)
	t.names = append(t.names, `"`+name+`"`)
}

func (t *packingTables) addText(text string) {
	if packedUsual+len(t.texts) > 255 {
		panic("upstream: more usual texts than codes")
	}
	t.textCodes[text] = byte(packedUsual + len(t.texts))
	t.texts = append(t.texts, `"`+text+`"`)
}

// phraseAt returns the number of the longest phrase that text begins with, or -1.
func (t *packingTables) phraseAt(text []byte) int {
	longest := -1
	for _, number := range t.phrasesBy[text[0]] {
		phrase := t.phrases[number]
		if len(text) >= len(phrase) && string(text[:len(phrase)]) == phrase && (longest < 0 || len(phrase) > len(t.phrases[longest])) {
			longest = number
		}
	}
	return longest
}

// isSymbol and symbolCodes are the set symbols by byte.
var isSymbol, symbolCodes = func() (is [256]bool, codes [256]byte) {
	for code, symbol := range []byte(symbols) {
		is[symbol], codes[symbol] = true, byte(code)
	}
	return is, codes
}()
