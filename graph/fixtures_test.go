package graph_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// fieldTree is a selection: the names below a field, none for a leaf.
type fieldTree map[string]fieldTree

func (f fieldTree) add(path []string) {
	for _, name := range path {
		if f[name] == nil {
			f[name] = fieldTree{}
		}
		f = f[name]
	}
}

func (f fieldTree) String() string {
	if len(f) == 0 {
		return ""
	}
	var names []string
	for name, below := range f {
		names = append(names, name+below.String())
	}
	slices.Sort(names)
	return "{" + strings.Join(names, " ") + "}"
}

// allFields selects everything in fields.tsv, with the raw twins.
func allFields(t testing.TB) string {
	t.Helper()
	enums, tree := readEnums(t), fieldTree{}
	for _, row := range readFieldRows(t) {
		path := strings.Split(row.path, ".")[1:]
		switch {
		case row.typeName == "Money":
			tree.add(append(path, "amount"))
			tree.add(append(path, "currencyCode"))
		case enums[row.typeName] != nil:
			tree.add(path)
			tree.add(strings.Split(strings.Join(path, ".")+"Raw", "."))
		default:
			tree.add(path)
		}
	}
	return tree.String()
}

// plain is how enum values are compared.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// readEnums returns the values of each enum by their wire forms.
func readEnums(t testing.TB) map[string]map[string]string {
	t.Helper()
	file, err := os.Open("../upstream/enums.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes = '\t', true
	records, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	enums := map[string]map[string]string{}
	for _, record := range records[1:] {
		name := record[0]
		if record[1] == "" { // null
			continue
		}
		if enums[name] == nil {
			enums[name] = map[string]string{}
		}
		for _, form := range strings.FieldsFunc(record[2], func(r rune) bool { return r == ',' || r == ';' }) {
			enums[name][plain(strings.TrimPrefix(strings.TrimSpace(form), "alibaba "))] = record[1]
		}
	}
	return enums
}

func readJSON(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return document
}

// at returns what lies at a path below objects, nil where there is nothing.
func at(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// elements returns a wire value as a list, as it is shown: an object is a list of one.
func elements(value any) []any {
	switch value := value.(type) {
	case []any:
		return value
	case map[string]any:
		return []any{value}
	}
	return nil
}

// comparison compares one answer with what the upstream sent, leaf by leaf.
type comparison struct {
	t     *testing.T
	enums map[string]map[string]string
	lists []fieldRow // rows whose values are lists of objects
	// present counts the values that are not null, by GraphQL path.
	present map[string]int
}

// leaf compares a row below wire and answer, which lie at the given paths of fields.tsv.
func (c *comparison) leaf(row fieldRow, wire any, wirePath string, answer any, path string) {
	for _, list := range c.lists {
		if !strings.HasPrefix(row.upstreamPath, list.upstreamPath+".") || !strings.HasPrefix(list.upstreamPath, wirePath+".") {
			continue
		}
		sent := elements(at(wire, below(wirePath, list.upstreamPath)...))
		shown, _ := at(answer, below(path, list.path)...).([]any)
		if len(sent) != len(shown) {
			c.t.Errorf("%s: %d elements, want %d", list.path, len(shown), len(sent))
			return
		}
		for i := range sent {
			c.leaf(row, sent[i], list.upstreamPath, shown[i], list.path)
		}
		return
	}
	value := at(wire, below(wirePath, row.upstreamPath)...)
	shown := at(answer, below(path, row.path)...)
	if want := c.expect(row, value, wire); !reflect.DeepEqual(shown, want) {
		c.t.Errorf("%s: %v, want %v (sent: %#v)", row.path, shown, want, value)
	} else if want != nil {
		c.present[row.path]++
	}
	if c.enums[row.typeName] != nil {
		names := below(path, row.path+"Raw")
		raw := at(answer, names...)
		if at(answer, names[:len(names)-1]...) == nil {
			value = nil // the group is null, as all its members are
		}
		if want := text(value); (value == nil) != (raw == nil) || raw != nil && raw != want {
			c.t.Errorf("%sRaw: %v, want %v", row.path, raw, want)
		}
	}
}

func below(base, path string) []string {
	return strings.Split(strings.TrimPrefix(path, base+"."), ".")
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// nothings are texts that stand for no value, by the last names of their fields; empty text always
// does.
var nothings = map[string]string{
	"phone": "86-", "mobilePhone": "86-", "paymentTransactionId": "UNCREATED",
	"trackingNumber": "不需要物流", "postalCode": "000000", "reason": "-1",
}

// expect returns the value that GraphQL must show for a wire value; parent holds the wire value.
func (c *comparison) expect(row fieldRow, value, parent any) any {
	sent := text(value)
	name := row.path[strings.LastIndexByte(row.path, '.')+1:]
	if strings.HasPrefix(row.typeName, "[") {
		return expectList(row.typeName, value)
	}
	if sent == "" || nothings[name] == sent {
		return nil
	}
	if values := c.enums[row.typeName]; values != nil {
		if known := values[plain(sent)]; known != "" {
			return known
		}
		return "UNKNOWN"
	}
	switch row.typeName {
	case "Money":
		return expectMoney(row, sent, parent)
	case "DateTime":
		return expectTime(c.t, sent)
	case "URL":
		return strings.ReplaceAll(sent, " ", "")
	case "Int":
		if row.path == "Order.paymentTimeoutSeconds" && text(at(parent, "base_info", "pay_timeout_type")) == "1" {
			return nil
		}
		return json.Number(sent)
	case "Boolean":
		return value
	}
	return sent
}

func expectList(typeName string, value any) any {
	list := []any{}
	if joined, ok := value.(string); ok {
		for part := range strings.SplitSeq(joined, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		return list
	}
	for _, element := range elements(value) {
		sent := text(element)
		if typeName == "[URL!]" {
			sent = strings.ReplaceAll(sent, " ", "")
		}
		list = append(list, sent)
	}
	return list
}

func expectMoney(row fieldRow, sent string, parent any) any {
	currency := "CNY"
	if row.upstreamPath == "result.customs.attributes.amount" {
		currency = strings.Replace(text(at(parent, "currency")), "RMB", "CNY", 1)
	}
	if strings.HasPrefix(row.unit, "fen") {
		digits, negative := strings.CutPrefix(sent, "-")
		for len(digits) < 3 {
			digits = "0" + digits
		}
		sent = digits[:len(digits)-2] + "." + digits[len(digits)-2:]
		if negative {
			sent = "-" + sent
		}
	}
	return map[string]any{"amount": sent, "currencyCode": currency}
}

var (
	joinedTime = regexp.MustCompile(`^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})([+-]\d\d)(\d\d)$`)
	spacedTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d) (\d\d): ?(\d\d): ?(\d\d)$`)
)

func expectTime(t *testing.T, sent string) any {
	t.Helper()
	if match := joinedTime.FindStringSubmatch(sent); match != nil {
		shown := fmt.Sprintf("%s-%s-%sT%s:%s:%s", match[1], match[2], match[3], match[4], match[5], match[6])
		if match[7] != "000" {
			shown += "." + strings.TrimRight(match[7], "0")
		}
		return shown + match[8] + ":" + match[9]
	}
	if match := spacedTime.FindStringSubmatch(sent); match != nil {
		return fmt.Sprintf("%sT%s:%s:%s+08:00", match[1], match[2], match[3], match[4])
	}
	t.Errorf("%q is a time of no known form", sent)
	return nil
}

// wireAnswer asks the sandbox itself for a whole order.
func (s *stack) wireAnswer(t *testing.T, id, keys string) []byte {
	t.Helper()
	body := `{"web_site":"1688","order_id":` + id + `,"include_fields":"GuaranteesTerms,NativeLogistics,RateDetail,OrderInvoice","attribute_keys":[` + keys + `]}`
	response, err := http.Post(s.sandbox.URL, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.sandbox.Reset()
	return answer
}

func TestAllFieldsOfTheFixtures(t *testing.T) {
	const fixtures = "../upstream/sandbox/fixtures/"
	query := `query($id:ID!,$keys:[String!]){order(id:$id)` +
		strings.Replace(allFields(t), "extraAttributes{", "extraAttributes(keys:$keys){", 1) + `}`
	present := map[string]int{}
	for _, test := range []struct {
		id, file  string
		keys      string   // of attributes, as JSON
		lineItems []string // nil where the wire has exact ids
	}{
		// Two of the ids are rounded on the wire, and exact in the address of the snapshot only.
		{"58218860983545941", "01_documented_sample.json", "", []string{"128403042259997715", "58218860985545941", "58218860986545941"}},
		{"2257164624870311973", "02_multi_stage.json", "", []string{"2257164624871311973"}},
		{"1988776655443322110", "04_credit_order.json", "", nil},
		{"196965465451498527", "07_cancelled_order.json", "", nil},
		{"900", "", `"colour","size"`, nil}, // the test id whose order has every part
	} {
		t.Run(test.id, func(t *testing.T) {
			s := newStack(t, stackOptions{})
			var wire map[string]any
			if test.file == "" {
				wire = readJSON(t, s.wireAnswer(t, test.id, test.keys))
			} else {
				content, err := os.ReadFile(fixtures + test.file)
				if err != nil {
					t.Fatal(err)
				}
				wire = readJSON(t, content)
			}
			answer := s.ask(t, query, `{"id":"`+test.id+`","keys":[`+test.keys+`]}`, nil)
			checkNoLongNumber(t, answer.body)
			response := readJSON(t, answer.body)
			if errors := response["errors"]; errors != nil {
				t.Errorf("errors %v", errors)
			}
			compareOrder(t, at(wire, "data", "result"), at(response, "data", "order"), present)
			checkIDs(t, at(wire, "data", "result"), at(response, "data", "order"), test.id, test.lineItems)
			want := "CN_1688 " + test.id + " GuaranteesTerms,NativeLogistics,RateDetail,OrderInvoice [" +
				strings.NewReplacer(`"`, "", ",", " ").Replace(test.keys) + "]"
			if calls := s.calls(); !slices.Equal(calls, []string{want}) {
				t.Errorf("calls %q, want %q", calls, want)
			}
		})
	}
	for _, row := range leafRows(t) {
		if present[row.path] == 0 {
			t.Errorf("%s: null in every order, so nothing was compared", row.path)
		}
	}
}

// leafRows are the rows with values of their own. The ids with two rows are left out; checkIDs has
// them.
func leafRows(t *testing.T) []fieldRow {
	rows := readFieldRows(t)
	return slices.DeleteFunc(slices.Clone(rows), func(row fieldRow) bool {
		if row.path == "Order.id" || row.path == "Order.lineItems.id" {
			return true
		}
		return slices.ContainsFunc(rows, func(other fieldRow) bool { return strings.HasPrefix(other.upstreamPath, row.upstreamPath+".") })
	})
}

func compareOrder(t *testing.T, wire, answer any, present map[string]int) {
	t.Helper()
	c := &comparison{t: t, enums: readEnums(t), present: present}
	rows := readFieldRows(t)
	for _, row := range rows {
		objects := slices.ContainsFunc(rows, func(other fieldRow) bool { return strings.HasPrefix(other.upstreamPath, row.upstreamPath+".") })
		if objects && strings.HasPrefix(row.typeName, "[") {
			c.lists = append(c.lists, row)
		}
	}
	for _, row := range leafRows(t) {
		c.leaf(row, wire, "result", answer, "Order")
	}
}

func checkIDs(t *testing.T, wire, answer any, id string, lineItems []string) {
	t.Helper()
	if got := at(answer, "id"); got != id {
		t.Errorf("id %v, want %s", got, id)
	}
	if lineItems == nil {
		for _, item := range elements(at(wire, "product_items")) {
			lineItems = append(lineItems, text(at(item, "sub_item_idstring")))
		}
	}
	var got []string
	for _, item := range elements(at(answer, "lineItems")) {
		got = append(got, text(at(item, "id")))
	}
	if len(got) == 0 || !slices.Equal(got, lineItems) {
		t.Errorf("line items %q, want %q", got, lineItems)
	}
	for _, id := range got {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil {
			t.Errorf("line item %q", id)
		}
	}
}
