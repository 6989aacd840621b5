package upstream

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Text is a text as the upstream sent it, never trimmed or re-cased; empty is null.
type Text string

func (t *Text) decode(value jsontext.Value) error {
	text, err := scalarText(value)
	*t = Text(text)
	return err
}

// Phone is a Text for which "86-", the country code alone, is null too.
type Phone string

func (p *Phone) decode(value jsontext.Value) error {
	text, err := scalarText(value)
	if strings.TrimSpace(text) == "86-" {
		text = ""
	}
	*p = Phone(text)
	return err
}

// RawText is a value exactly as the upstream sent it: a string's text (empty and sentinels kept), a
// number's digits. Nil is null.
type RawText struct {
	text    string
	present bool
}

// Text returns the value, and false if the upstream sent none.
func (r RawText) Text() (text string, present bool) { return r.text, r.present }

func (r *RawText) decode(value jsontext.Value) error {
	text, err := scalarText(value)
	*r = RawText{text: text, present: err == nil}
	return err
}
