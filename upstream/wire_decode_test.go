package upstream

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// parcel has every kind of field that the decoder knows.
type parcel struct {
	parcelHead `json:"head"`
	parcelFlat
	Name      Text         `json:"name" alias:"naam,nom"`
	Code      Text         `json:"code" null:"NONE,000000"`
	Sent      Time         `json:"sent"`
	Price     *Money       `json:"price" unit:"yuan"`
	Discount  *Money       `json:"discount" unit:"fen"`
	Declared  *Money       `json:"declared" unit:"major"`
	Raw       RawText      `json:"raw"`
	Sender    *parcelParty `json:",inline"`
	Contact   *parcelItem  `json:"contact"`
	Items     []*parcelItem
	Goods     []*parcelItem `json:"goods"`
	Pictures  []URL         `json:"pictures"`
	Labels    []Text        `json:"labels"`
	LineIDs   []ID          `json:"line_ids" split:","`
	Elsewhere Int           `json:"elsewhere" path:"Contact.Count"`
}

type parcelHead struct {
	Number ID `json:"number"`
}

type parcelFlat struct {
	Weight Decimal `json:"weight"`
}

type parcelParty struct {
	Login   Text        `json:"sender_login"`
	Paid    Bool        `json:"sender_paid"`
	Address *parcelItem `json:"sender_address"`
	display string
}

func (p *parcelParty) finish(*decoding) { p.display = "from " + string(p.Login) }

type parcelItem struct {
	Title    Text `json:"title"`
	Count    Int  `json:"count"`
	finished int
}

func (i *parcelItem) finish(d *decoding) {
	i.finished++
	if i.Title == "derived" {
		d.bad("not derivable", "Total", 1)
	}
}

func decodeParcel(t *testing.T, json string) (parcel, []string) {
	t.Helper()
	doc, err := parseDocument([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	d := decoding{site: WebSiteCN1688, document: doc}
	var p parcel
	d.decode(&p, 0)
	var notes []string
	for _, bad := range d.badValues() {
		path := make([]string, len(bad.Path))
		for i, step := range bad.Path {
			path[i] = fmt.Sprint(step)
		}
		notes = append(notes, strings.Join(path, ".")+": "+bad.Reason)
	}
	if len(d.path) != 0 || len(d.slots) != 0 {
		t.Errorf("the decoder keeps %d path steps and %d slots", len(d.path), len(d.slots))
	}
	return p, notes
}

func TestDecode(t *testing.T) {
	item := func(title string, count int32) *parcelItem {
		return &parcelItem{Title: Text(title), Count: Int{Value: count, Valid: true}, finished: 1}
	}
	for _, test := range []struct {
		name, json string
		want       parcel
		notes      []string
	}{
		{name: "nothing", json: `{}`},
		{name: "unknown keys", json: `{"other":{"name":"x"},"Name":"x"}`},
		{name: "text", json: `{"name":"x"}`, want: parcel{Name: "x"}},
		{name: "escaped key", json: `{"c\u006fde":"x"}`, want: parcel{Code: "x"}},
		{name: "alias", json: `{"nom":"c","naam":"b"}`, want: parcel{Name: "b"}},
		{name: "own key before alias", json: `{"naam":"b","name":"a"}`, want: parcel{Name: "a"}},
		{name: "alias where the own key is empty", json: `{"name":"","nom":"c"}`, want: parcel{Name: "c"}},
		{name: "last duplicate", json: `{"sent":"x","code":"a","sent":0,"code":"b"}`, want: parcel{Code: "b"}},
		{name: "all kinds of empty", json: `{"name":null,"code":[],"sent":{},"price":"","contact":"","goods":{},
			"pictures":" ","labels":null,"line_ids":"","head":[],"sender_login":null,"sender_address":[]}`},
		{name: "sentinel", json: `{"code":" none "}`},
		{name: "sentinel as a number is none", json: `{"code":0}`, want: parcel{Code: "0"}},
		{name: "nested on the wire", json: `{"head":{"number":58218860983545941}}`, want: parcel{parcelHead: parcelHead{"58218860983545941"}}},
		{name: "flat on the wire", json: `{"weight":"0.50"}`, want: parcel{parcelFlat: parcelFlat{"0.50"}}},
		{
			name: "money", json: `{"price":0.30,"discount":-3989,"declared":"3e3"}`,
			want: parcel{Price: &Money{"0.30", "CNY"}, Discount: &Money{"-39.89", "CNY"}, Declared: &Money{"3000", ""}},
		},
		{
			name: "malformed money", json: `{"price":"6.15元","discount":1.5,"declared":true}`,
			notes: []string{"Price: not a decimal number", "Discount: not a whole number of fen", "Declared: not a decimal number"},
		},
		{
			name: "malformed scalar", json: `{"sent":"2018-02-30","name":{"a":1},"head":{"number":1.5}}`,
			notes: []string{"Number: not an identifier", "Name: not a single value", "Sent: not a time"},
		},
		{name: "group", json: `{"sender_paid":"N"}`, want: parcel{Sender: &parcelParty{Paid: BoolFalse, display: "from "}}},
		{
			name: "object in a group", json: `{"sender_login":"y","sender_address":{"count":1}}`,
			want: parcel{Sender: &parcelParty{Login: "y", Address: &parcelItem{Count: Int{1, true}, finished: 1}, display: "from y"}},
		},
		{name: "group of malformed values alone", json: `{"sender_paid":"perhaps"}`, notes: []string{"Sender.Paid: not a boolean"}},
		{name: "object", json: `{"contact":{"title":"a","count":1}}`, want: parcel{Contact: item("a", 1)}},
		{name: "no object", json: `{"contact":"a"}`, notes: []string{"Contact: not an object"}},
		{name: "list instead of an object", json: `{"contact":[{"title":"a"}],"head":5}`, notes: []string{": not an object", "Contact: not an object"}},
		{
			name: "list", json: `{"goods":[{"title":"a","count":1},null,{"title":"b","count":2},[],"",{}]}`,
			want: parcel{Goods: []*parcelItem{item("a", 1), item("b", 2)}},
		},
		{
			name: "malformed elements", json: `{"goods":["x",{"title":"a","count":1},7,{"title":"b","count":"many"}]}`,
			want:  parcel{Goods: []*parcelItem{item("a", 1), {Title: "b", finished: 1}}},
			notes: []string{"Goods: a list element is malformed", "Goods: a list element is malformed", "Goods.1.Count: not a whole number of 32 bits"},
		},
		{
			name: "numbered object as a list", json: `{"goods":{"10":{"title":"c","count":3},"2":{"title":"b","count":2},"0":{"title":"x"},"0":{"title":"a","count":1}}}`,
			want: parcel{Goods: []*parcelItem{item("a", 1), item("b", 2), item("c", 3)}},
		},
		{name: "lone object as a list", json: `{"goods":{"title":"a","count":1}}`, want: parcel{Goods: []*parcelItem{item("a", 1)}}},
		{
			name: "lone scalars as lists", json: `{"goods":1,"labels":"a","pictures":"//a.example/1"}`,
			want:  parcel{Goods: []*parcelItem{}, Pictures: []URL{"https://a.example/1"}, Labels: []Text{"a"}},
			notes: []string{"Goods: a list element is malformed"},
		},
		{
			name: "lone malformed values as lists", json: `{"labels":{"a":"b"},"pictures":false}`,
			want:  parcel{Pictures: []URL{}, Labels: []Text{}},
			notes: []string{"Pictures: a list element is malformed", "Labels: a list element is malformed"},
		},
		{
			name: "numbers of all forms as keys", json: `{"labels":{"007":"d","-1":"b","-2":"a","-0":"c","18446744073709551616":"f","18446744073709551615":"e","7.50":"d1","7.25":"d0"}}`,
			want: parcel{Labels: []Text{"a", "b", "c", "d", "d0", "d1", "e", "f"}},
		},
		{
			name: "lists of scalars", json: `{"pictures":["//a.example/1","no address","",5],"labels":{"1":"b","0":"a","2":{"x":1}}}`,
			want:  parcel{Pictures: []URL{"https://a.example/1"}, Labels: []Text{"a", "b"}},
			notes: []string{"Pictures: a list element is malformed", "Labels: a list element is malformed"},
		},
		{name: "joined ids", json: `{"line_ids":"1, 2,\n        3，4,,"}`, want: parcel{LineIDs: []ID{"1", "2", "3", "4"}}},
		{name: "listed ids", json: `{"line_ids":["1",58218860984545941]}`, want: parcel{LineIDs: []ID{"1", "58218860984545941"}}},
		{name: "listed joined ids", json: `{"line_ids":["1,2","3"]}`, want: parcel{LineIDs: []ID{"1", "2", "3"}}},
		{name: "numbered ids", json: `{"line_ids":{"1":2,"0":"1"}}`, want: parcel{LineIDs: []ID{"1", "2"}}},
		{name: "repeated ids", json: `{"line_ids":"2,1, 2,1，3"}`, want: parcel{LineIDs: []ID{"2", "1", "3"}}},
		{name: "one id", json: `{"line_ids":58218860984545941}`, want: parcel{LineIDs: []ID{"58218860984545941"}}},
		{
			name: "malformed ids", json: `{"line_ids":[true,1,1.5]}`, want: parcel{LineIDs: []ID{"1"}},
			notes: []string{"LineIDs: a list element is malformed", "LineIDs: a list element is malformed"},
		},
		{name: "a malformed id alone", json: `{"line_ids":true}`, notes: []string{"LineIDs: a list element is malformed"}},
		{name: "a lone surrogate", json: `{"name":"\ud83d!","n\udc00":1}`, want: parcel{Name: "\ufffd!"}},
		{name: "no UTF-8", json: "{\"name\":\"\xe5\xb8\",\"code\":\"a\",\"n\xff\":1}", want: parcel{Code: "a"}, notes: []string{"Name: not UTF-8"}},
		{name: "noted elsewhere", json: `{"elsewhere":"x"}`, notes: []string{"Contact.Count: not a whole number of 32 bits"}},
		{
			name: "noted by a hook", json: `{"goods":[{"title":"derived"}]}`,
			want:  parcel{Goods: []*parcelItem{{Title: "derived", finished: 1}}},
			notes: []string{"Goods.0.Total.1: not derivable"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, notes := decodeParcel(t, test.json)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("decoded to\n%+v\nwant\n%+v", got, test.want)
			}
			if !slices.Equal(notes, test.notes) {
				t.Errorf("notes %q, want %q", notes, test.notes)
			}
		})
	}
}

func TestDecodeBoundsNotes(t *testing.T) {
	p, notes := decodeParcel(t, `{"labels":["kept"`+strings.Repeat(`,{"a":1}`, 130)+`]}`)
	if len(p.Labels) != 1 || len(notes) != maxBadValues+1 {
		t.Fatalf("%d labels and %d notes, want 1 and %d", len(p.Labels), len(notes), maxBadValues+1)
	}
	if last := notes[maxBadValues]; last != ": 30 more malformed values" {
		t.Errorf("the last note is %q", last)
	}
}

func TestPlanRefusesMistakes(t *testing.T) {
	for name, target := range map[string]any{
		"money without a unit": &struct {
			Price *Money `json:"price"`
		}{},
		"unknown type": &struct {
			Count int `json:"count"`
		}{},
		"list of unknown type": &struct {
			Counts []int `json:"counts"`
		}{},
		"key of two fields": &struct {
			Name  Text `json:"name"`
			Title Text `json:"title" alias:"name"`
		}{},
		"inline value": &struct {
			Group parcelItem `json:",inline"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the plan was compiled")
				}
			}()
			planOf(reflect.TypeOf(target).Elem())
		})
	}
}

func TestParseDocument(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                 ``,
		"blank":                 " \n",
		"truncated object":      `{"a":1`,
		"truncated text":        `{"a":"b`,
		"no value":              `{"a"}`,
		"number as a name":      `{1:2}`,
		"trailing value":        `{} {}`,
		"trailing bracket":      `{}}`,
		"trailing text":         `{}<br>`,
		"HTML":                  `<html></html>`,
		"invalid UTF-8":         "{\"a\":\xff}",
		"half an escape":        `{"a":"\ud8"}`,
		"control character":     "{\"a\":\"\x00\"}",
		"byte order mark alone": "\ufeff",
		"byte order mark after": "{}\ufeff",
		"200,000 levels":        strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000),
		"200,000 objects":       strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000),
		"too many values":       "[" + strings.Repeat("0,", maxValues) + "0]",
		"single quotes":         `{'a':1}`,
		"comma before the end":  `{"a":1,}`,
		"no number":             `{"a":01}`,
		"word":                  `undefined`,
		"UTF-16":                "\xff\xfe{\x00}\x00",
		"closed by another one": `[1}`,
	} {
		t.Run(name, func(t *testing.T) {
			if doc, err := parseDocument([]byte(text)); err == nil {
				t.Errorf("read as %d nodes", len(doc.nodes))
			}
		})
	}
}

// TestParseDocumentTolerates reads what is no JSON to the letter: one text in it must not cost an order.
func TestParseDocumentTolerates(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeff\"a\"":          "a",
		"\ufeff\ufeff \"a\"":   "a",
		"\r\n\ufeff\"a\"":      "a",
		`"\ud83d"`:             "\ufffd",
		`"\ud83da"`:            "\ufffda",
		`"\ud83dabcdefgh"`:     "\ufffdabcdefgh",
		`"\ud83d\n"`:           "\ufffd\n",
		`"\ud83d\u4eba"`:       "\ufffd人",
		`"\ud83d\ud83d\ude00"`: "\ufffd😀",
		`"\ude00"`:             "\ufffd",
		`"\ude00\ud83d"`:       "\ufffd\ufffd",
		`"\ud83d\ude00"`:       "😀",
		`"请\ud83d"`:            "请\ufffd",
		`"\uDBFF\uDFFF\uD800"`: "\U0010ffff\ufffd",
	} {
		doc, err := parseDocument([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(unquoted(doc.value(0))); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
