package upstream

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// scalarCase is one JSON value and what a scalar makes of it: its text, "null" or "malformed".
type scalarCase struct{ json, want string }

// checkScalar decodes each case; show returns a scalar's text, empty for null.
func checkScalar[T any, P interface {
	*T
	decodable
}](t *testing.T, cases []scalarCase, show func(T) string,
) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.json, func(t *testing.T) {
			if got := decodeScalar[T, P](test.json, show); got != test.want {
				t.Errorf("decoded to %q, want %q", got, test.want)
			}
		})
	}
}

func decodeScalar[T any, P interface {
	*T
	decodable
}](json string, show func(T) string,
) string {
	var scalar T
	if err := P(&scalar).decode(jsontext.Value(json)); err != nil {
		return "malformed"
	}
	if text := show(scalar); text != "" {
		return text
	}
	return "null"
}

func TestTimeDecode(t *testing.T) {
	checkScalar[Time](t, []scalarCase{
		{`"20170913231708000-0700"`, "2017-09-13T23:17:08-07:00"},
		{`"20170913231708123-0700"`, "2017-09-13T23:17:08.123-07:00"},
		{`"20170913231708005+0800"`, "2017-09-13T23:17:08.005+08:00"},
		{`"20170913231708000+08:00"`, "2017-09-13T23:17:08+08:00"},
		{`"20170913231708000 +0800"`, "2017-09-13T23:17:08+08:00"},
		{`"20170913231708000+0530"`, "2017-09-13T23:17:08+05:30"},
		{`"20170913231708000-0030"`, "2017-09-13T23:17:08-00:30"},
		{`"20170913231708000Z"`, "2017-09-13T23:17:08Z"},
		{`"20170913231708000+0000"`, "2017-09-13T23:17:08Z"},
		{`"20170913231708000"`, "2017-09-13T23:17:08+08:00"},
		{`"20170913231708+0800"`, "2017-09-13T23:17:08+08:00"},
		{`"20170913231708"`, "2017-09-13T23:17:08+08:00"},
		{`20170913231708`, "2017-09-13T23:17:08+08:00"},
		{`20170913231708250`, "2017-09-13T23:17:08.250+08:00"},
		{`"20170913231708.25"`, "2017-09-13T23:17:08.250+08:00"},
		{`"2018-02-07 15:27:58"`, "2018-02-07T15:27:58+08:00"},
		{`"2018-02-07 15: 27: 58"`, "2018-02-07T15:27:58+08:00"},
		{`"2018-02-07 15 :27 : 58"`, "2018-02-07T15:27:58+08:00"},
		{`" 2018-02-07 15:27:58 "`, "2018-02-07T15:27:58+08:00"},
		{`"2018-02-07 15:27:58.5"`, "2018-02-07T15:27:58.500+08:00"},
		{`"2018-02-07 15:27:58.123456"`, "2018-02-07T15:27:58.123+08:00"},
		{`"2018-02-07 15:27:58 +0900"`, "2018-02-07T15:27:58+09:00"},
		{`"2018-02-07T15:27:58-07:00"`, "2018-02-07T15:27:58-07:00"},
		{`"2018-02-07T15:27:58.010Z"`, "2018-02-07T15:27:58.010Z"},
		{`"2018-02-07t15:27:58z"`, "2018-02-07T15:27:58Z"},
		{`"2018-02-07"`, "2018-02-07T00:00:00+08:00"},
		{`"20180207"`, "2018-02-07T00:00:00+08:00"},
		{`20180207`, "2018-02-07T00:00:00+08:00"},
		{`1505369828`, "2017-09-14T14:17:08+08:00"},
		{`"1505369828"`, "2017-09-14T14:17:08+08:00"},
		{`1.505369828e9`, "2017-09-14T14:17:08+08:00"},
		{`1505369828.0`, "2017-09-14T14:17:08+08:00"},
		{`1505369828123`, "2017-09-14T14:17:08.123+08:00"},
		{`"1505369828000"`, "2017-09-14T14:17:08+08:00"},
		{`86400`, "1970-01-02T08:00:00+08:00"},
		{`99999999`, "1973-03-03T17:46:39+08:00"},
		{`99999999999`, "5138-11-16T17:46:39+08:00"},
		{`"2016-02-29 00:00:00"`, "2016-02-29T00:00:00+08:00"},
		{`"0001-01-02 00:00:00"`, "0001-01-02T00:00:00+08:00"},
		{`"2018-02-07 15:27"`, "2018-02-07T15:27:00+08:00"},
		{`"2018-02-07 15: 27"`, "2018-02-07T15:27:00+08:00"},
		{`"2018-02-07T15:27Z"`, "2018-02-07T15:27:00Z"},
		{`"2018-02-07 15:27 +0900"`, "2018-02-07T15:27:00+09:00"},
		{`"2018/02/07"`, "2018-02-07T00:00:00+08:00"},
		{`"2018/02/07 15:27"`, "2018-02-07T15:27:00+08:00"},
		{`"2018/02/07 15:27:58"`, "2018-02-07T15:27:58+08:00"},
		{`"2018/02/07 15:27:58.250-07:00"`, "2018-02-07T15:27:58.250-07:00"},
		{`"2018\/02\/07"`, "2018-02-07T00:00:00+08:00"},
		{`"2018/2/7 9:05:08"`, "2018-02-07T09:05:08+08:00"},
		{`"2018-2-7"`, "2018-02-07T00:00:00+08:00"},
		{`1505369828.5`, "2017-09-14T14:17:08.500+08:00"},
		{`"1505369828.123456"`, "2017-09-14T14:17:08.123+08:00"},
		{`1.505369828123e9`, "2017-09-14T14:17:08.123+08:00"},
		{`1505369828123.456`, "2017-09-14T14:17:08.123+08:00"},
		{`"1505369828123.0"`, "2017-09-14T14:17:08.123+08:00"},
		{`1.505369828123e12`, "2017-09-14T14:17:08.123+08:00"},
		{`20180207.0`, "2018-02-07T00:00:00+08:00"},
		{`2.0170913231708e13`, "2017-09-13T23:17:08+08:00"},
		{`"9999-12-31T23:59:59-23:59"`, "9999-12-31T23:59:59-23:59"},

		{`""`, "null"},
		{`"  "`, "null"},
		{`"0"`, "null"},
		{`0`, "null"},
		{`0.0`, "null"},
		{`"0000-00-00 00:00:00"`, "null"},
		{`"0000-00-00"`, "null"},
		{`"00000000000000000+0800"`, "null"},
		{`"00000000000000"`, "null"},
		{`"0000/00/00 00:00"`, "null"},
		{`"0.000"`, "null"},
		{`-0`, "null"},
		{`"0001-01-01 00:00:00"`, "null"},
		{`"0001-01-01"`, "null"},
		{`"0001-01-01T00:00:00Z"`, "null"},
		{`"0001-01-01T00:00:00.000-05:00"`, "null"},
		{`"0001-01-01T08:05:43+08:05"`, "null"},
		{`"0000-12-31T19:00:00-05:00"`, "null"},
		{`"0001/1/1 0:00:00"`, "null"},
		{`"00010101000000000+0800"`, "null"},
		{`"00010101"`, "null"},
		{`-62135596800`, "null"},
		{`"-62135596800000"`, "null"},
		{`"1970-01-01 00:00:00"`, "null"},
		{`"1970-01-01 08:00:00"`, "null"},
		{`"1970-01-01T00:00:00Z"`, "null"},
		{`"1970-01-01T08:00:00+08:00"`, "null"},
		{`"1969-12-31T16:00:00-08:00"`, "null"},
		{`"1970-01-01T00:00:00-07:00"`, "null"},
		{`"1970-01-01"`, "null"},
		{`"1970/01/01 00:00"`, "null"},
		{`"19700101000000000+0800"`, "null"},
		{`"19700101080000000+0800"`, "null"},
		{`"19691231170000000-0700"`, "null"},
		{`-28800`, "null"},

		{`"2018-02-30 00:00:00"`, "malformed"},
		{`"20180230000000000+0800"`, "malformed"},
		{`"20180230"`, "malformed"},
		{`"2017-02-29"`, "malformed"},
		{`"20170913251708000-0700"`, "malformed"},
		{`"20170913236008000-0700"`, "malformed"},
		{`"20170913231760000-0700"`, "malformed"},
		{`"20171313231708000-0700"`, "malformed"},
		{`"20170013231708000-0700"`, "malformed"},
		{`"0000-01-01 00:00:00"`, "malformed"},
		{`"20170913231708000-2400"`, "malformed"},
		{`"20170913231708000-0760"`, "malformed"},
		{`"20170913231708000-070"`, "malformed"},
		{`"20170913231708000 CST"`, "malformed"},
		{`"20170913231708000-07:0"`, "malformed"},
		{`"201709132317080000000000-0700"`, "malformed"},
		{`"2018-02-07 15:27:5"`, "malformed"},
		{`"2018-02-07 15:27:58."`, "malformed"},
		{`"2018-02-07 15:27:581"`, "malformed"},
		{`"2018-02-07X15:27:58"`, "malformed"},
		{`"2018-02-07 "`, "2018-02-07T00:00:00+08:00"},
		{`"2018-02/07"`, "malformed"},
		{`"2018/02-07"`, "malformed"},
		{`"2018/02/30"`, "malformed"},
		{`"2018/02"`, "malformed"},
		{`"2018/"`, "malformed"},
		{`"2018-02-007"`, "malformed"},
		{`"2018-02-07 15"`, "malformed"},
		{`"2018-02-07 15:"`, "malformed"},
		{`"2018-02-07 15:2"`, "malformed"},
		{`"2018-02-07 15:27.5"`, "malformed"},
		{`"2018-02-07 15:60"`, "malformed"},
		{`"2018-02-07 24:00"`, "malformed"},
		{`"2018/02/07 下午3:27"`, "malformed"},
		{`"２０１８-02-07"`, "malformed"},
		{`"yesterday"`, "malformed"},
		{`-1`, "malformed"},
		{`-1505369828`, "malformed"},
		{`"1505369828.5.5"`, "malformed"},
		{`62135596800000`, "malformed"},
		{`1e999999999`, "malformed"},
		{`"1e400"`, "malformed"},
		{`true`, "malformed"},
		{`[1]`, "malformed"},
		{`{"time":1}`, "malformed"},
	}, Time.String)
}

func TestDecimalDecode(t *testing.T) {
	checkScalar[Decimal](t, []scalarCase{
		{`6.15`, "6.15"},
		{`"6.15"`, "6.15"},
		{`0`, "0"},
		{`0.30`, "0.30"},
		{`100.00`, "100.00"},
		{`" 7.5 "`, "7.5"},
		{`-3175.97`, "-3175.97"},
		{`"+5"`, "5"},
		{`"007.50"`, "7.50"},
		{`"00"`, "0"},
		{`".5"`, "0.5"},
		{`"5."`, "5"},
		{`-0`, "0"},
		{`-0.00`, "0.00"},
		{`"-0e5"`, "0"},
		{`1e2`, "100"},
		{`1.50E+1`, "15.0"},
		{`1.5e-3`, "0.0015"},
		{`12.5e-1`, "1.25"},
		{`123456789012345678901234567890.123456789`, "123456789012345678901234567890.123456789"},
		{`1234567890123.456789`, "1234567890123.456789"},
		{`9007199254740993`, "9007199254740993"},
		{`1e399`, "1" + strings.Repeat("0", 399)},

		{`""`, "null"},
		{`1e400`, "malformed"},
		{`1e-400`, "malformed"},
		{`1e999999999999`, "malformed"},
		{`"-1e-999999999"`, "malformed"},
		{`1e9999999999999999999999`, "malformed"},
		{strings.Repeat("1", 401), "malformed"},
		{`"1,234.5"`, "malformed"},
		{`"1.2.3"`, "malformed"},
		{`"--1"`, "malformed"},
		{`"-"`, "malformed"},
		{`"."`, "malformed"},
		{`"1e"`, "malformed"},
		{`"e5"`, "malformed"},
		{`"１２"`, "malformed"},
		{`"0x10"`, "malformed"},
		{`"1_000"`, "malformed"},
		{`"NaN"`, "malformed"},
		{`"6.15元"`, "malformed"},
		{`true`, "malformed"},
		{`[1]`, "malformed"},
	}, func(d Decimal) string { return string(d) })
}

func TestFen(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0.00", "5": "0.05", "-5": "-0.05", "99": "0.99", "100": "1.00", "-3989": "-39.89",
		"128850": "1288.50", "100.0": "1.00", "1e2": "1.00", "-0": "0.00", "+175": "1.75",
		"9223372036854775808": "92233720368547758.08",
	} {
		if got, err := parseFen(text); err != nil || string(got) != want {
			t.Errorf("%s fen are %q (%v), want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"1.5", "0.01", "1e-1", "abc"} {
		if got, err := parseFen(text); err == nil {
			t.Errorf("%s fen are %q, want an error", text, got)
		}
	}
}

func TestIDDecode(t *testing.T) {
	checkScalar[ID](t, []scalarCase{
		{`58218860983545941`, "58218860983545941"},
		{`"58218860983545941"`, "58218860983545941"},
		{`5.8218860983545941e16`, "58218860983545941"},
		{`5.8e16`, "58000000000000000"},
		{`128403042259997715.0`, "128403042259997715"},
		{`99999999999999999999999`, "99999999999999999999999"},
		{`"b2b-2248544159"`, "b2b-2248544159"},
		{`" 1\n"`, "1"},
		{`"0012"`, "0012"},
		{`0`, "0"},
		{`""`, "null"},
		{`1.5`, "malformed"},
		{`1e-1`, "malformed"},
		{`1e999`, "malformed"},
		{`true`, "malformed"},
		{`["1"]`, "malformed"},
	}, func(id ID) string { return string(id) })
}

func TestURLDecode(t *testing.T) {
	checkScalar[URL](t, []scalarCase{
		{`"https://trade.1688.com/order/offer_snapshot.htm?order_entry_id=1"`, "https://trade.1688.com/order/offer_snapshot.htm?order_entry_id=1"},
		{`"http: //cbu01.alicdn.com/img/1.jpg"`, "http://cbu01.alicdn.com/img/1.jpg"},
		{`" https:\t//a.example/\r\n b\fc\u000b"`, "https://a.example/bc"},
		{`"//cbu01.alicdn.com/1.jpg"`, "https://cbu01.alicdn.com/1.jpg"},
		{`"HTTPS://A.example/图.jpg"`, "HTTPS://A.example/图.jpg"},
		{`"http:\/\/a.example\/b"`, "http://a.example/b"},
		{`"http://[::1]:80/"`, "http://[::1]:80/"},
		{`""`, "null"},
		{`"javascript:alert(1)"`, "null"},
		{`"data:text/html,x"`, "null"},
		{`"ftp://a.example/"`, "null"},
		{`"img/1.jpg"`, "null"},
		{`"/img/1.jpg"`, "null"},
		{`"http:///img"`, "null"},
		{`"http://:80/"`, "null"},
		{`"https:"`, "null"},
		{`"http:a.example"`, "null"},
		{`"http://a\u0000.example/"`, "null"},
		{`"无"`, "null"},
		{`5`, "malformed"},
		{`true`, "malformed"},
		{`["http://a.example/"]`, "malformed"},
		{"\"http://a.example/\xff\"", "malformed"},
	}, func(u URL) string { return string(u) })
}

func TestBoolDecode(t *testing.T) {
	show := func(b Bool) string {
		switch value, valid := b.Value(); {
		case !valid:
			return ""
		case value:
			return "true"
		default:
			return "false"
		}
	}
	checkScalar[Bool](t, []scalarCase{
		{`true`, "true"},
		{`"true"`, "true"},
		{`"TRUE"`, "true"},
		{`1`, "true"},
		{`"1"`, "true"},
		{`1.0`, "true"},
		{`1e0`, "true"},
		{`"y"`, "true"},
		{`"Y"`, "true"},
		{`"Yes"`, "true"},
		{`" true "`, "true"},
		{`"YES"`, "true"},
		{`"1.0"`, "true"},
		{`false`, "false"},
		{`"False"`, "false"},
		{`0`, "false"},
		{`"0"`, "false"},
		{`-0`, "false"},
		{`0.00`, "false"},
		{`"n"`, "false"},
		{`"NO"`, "false"},
		{`"N"`, "false"},
		{`"FALSE"`, "false"},
		{`0e0`, "false"},
		{`""`, "null"},
		{`2`, "malformed"},
		{`-1`, "malformed"},
		{`0.5`, "malformed"},
		{`"on"`, "malformed"},
		{`"是"`, "malformed"},
		{`[true]`, "malformed"},
		{`{"a":1}`, "malformed"},
	}, show)
}

func TestIntDecode(t *testing.T) {
	show := func(i Int) string {
		if !i.Valid {
			return ""
		}
		return string(jsontext.Int(int64(i.Value)).String())
	}
	checkScalar[Int](t, []scalarCase{
		{`3`, "3"},
		{`"3"`, "3"},
		{`3.0`, "3"},
		{`3e0`, "3"},
		{`30e-1`, "3"},
		{`-7`, "-7"},
		{`"007"`, "7"},
		{`0`, "0"},
		{`2147483647`, "2147483647"},
		{`-2147483648`, "-2147483648"},
		{`""`, "null"},
		{`2147483648`, "malformed"},
		{`-2147483649`, "malformed"},
		{`1.5`, "malformed"},
		{`1e300`, "malformed"},
		{`"three"`, "malformed"},
		{`true`, "malformed"},
		{`[3]`, "malformed"},
	}, show)
}

func TestTextDecode(t *testing.T) {
	checkScalar[Text](t, []scalarCase{
		{`"光勿拍2l*6件"`, "光勿拍2l*6件"},
		{`"  kept  "`, "  kept  "},
		{`"a\u0041\n\"\ud83d\ude00"`, "aA\n\"😀"},
		{`"请\ud83d"`, "请\ufffd"},
		{`"\ude00\ud83d"`, "\ufffd\ufffd"},
		{"\"请\xe5\xb8\"", "malformed"},
		{`12345678901234567890`, "12345678901234567890"},
		{`1.50`, "1.50"},
		{`true`, "true"},
		{`false`, "false"},
		{`""`, "null"},
		{`["a"]`, "malformed"},
		{`{"a":"b"}`, "malformed"},
	}, func(text Text) string { return string(text) })
}

func TestPhoneDecode(t *testing.T) {
	checkScalar[Phone](t, []scalarCase{
		{`"86-0571-88881888"`, "86-0571-88881888"},
		{`13312919596`, "13312919596"},
		{`"86-"`, "null"},
		{`" 86- "`, "null"},
		{`""`, "null"},
		{`["1"]`, "malformed"},
	}, func(phone Phone) string { return string(phone) })
}

func TestRawTextDecode(t *testing.T) {
	checkScalar[RawText](t, []scalarCase{
		{`""`, `""`},
		{`" x "`, `" x "`},
		{`1.50e3`, `"1.50e3"`},
		{`true`, `"true"`},
		{`[1]`, "malformed"},
	}, func(raw RawText) string {
		text, present := raw.Text()
		if !present {
			return ""
		}
		return `"` + text + `"`
	})
}

func TestTimeConversions(t *testing.T) {
	var null Time
	if null.Valid() || null.String() != "" || !null.Time().IsZero() {
		t.Error("the zero Time is not null")
	}
	parsed, err := parseTime("20170913231708123-0700")
	if err != nil {
		t.Fatal(err)
	}
	if got := NewTime(parsed.Time()); got != parsed {
		t.Errorf("through time.Time %v became %v", parsed, got)
	}
}
