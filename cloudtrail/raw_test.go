package cloudtrail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

func TestRawString(t *testing.T) {
	const text = ` {"s":"a\"\u00e9","n":-1.5e3,"t":true,"f":false,"null":null,"o":{"a.b":{"":"empty"}},"l":["x"],
		"twice":1,"twice":2,"\u0065sc":"found","replaced":{"in":1},"replaced":{"out":2},"Case":"upper"} `
	tests := []struct {
		path []string
		want string
	}{
		{[]string{"s"}, `a"é`},
		{[]string{"n"}, "-1.5e3"},
		{[]string{"t"}, "true"},
		{[]string{"f"}, "false"},
		{[]string{"null"}, ""},
		{[]string{"o"}, ""},
		{[]string{"o", "a.b", ""}, "empty"},
		{[]string{"o", "a", "b"}, ""},
		{[]string{"l"}, ""},
		{[]string{"l", "x"}, ""},
		{[]string{"s", "x"}, ""},
		{[]string{"absent", "x"}, ""},
		{[]string{"twice"}, "2"},
		{[]string{"esc"}, "found"},
		{[]string{"replaced", "in"}, ""},
		{[]string{"replaced", "out"}, "2"},
		{[]string{"case"}, ""},
		{nil, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.path, "/"), func(t *testing.T) {
			asRaw(t, text, func(r cloudtrail.Raw) {
				if got := r.String(tt.path...); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// asRaw calls check with text as a Raw: by RawOf, and as the requestParameters of a
// message of CloudWatch Logs, read as it stands and read unescaped.
func asRaw(t *testing.T, text string, check func(r cloudtrail.Raw)) {
	t.Helper()
	check(cloudtrail.RawOf(text))
	text = strings.NewReplacer("\n", " ", "\t", " ").Replace(text)
	event := strings.TrimSuffix(small("X"), "}") + `,"requestParameters":` + text + `}`
	for _, record := range []string{subscription(event), oddSubscription(event)} {
		calls := 0
		_, err := cloudtrail.NewDecoder(cloudtrail.Limits{}).Decode([]byte(record), func(e *cloudtrail.Event) error {
			calls++
			check(e.Request)
			if got, want := e.Request.JSON(), cloudtrail.RawOf(text).JSON(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			return nil
		})
		if err != nil || calls != 1 {
			t.Fatalf("%d events, error %v", calls, err)
		}
	}
}

func TestRawEach(t *testing.T) {
	tests := []struct {
		name string
		list string
		want []string
	}{
		{"array", `["a","b"]`, []string{"a", "b"}},
		{"array of numbers", `[1,true]`, []string{"1", "true"}},
		{"items", `{"items":["a","b"]}`, []string{"a", "b"}},
		{"item", `{"item":["a"]}`, []string{"a"}},
		{"item that is one object", `{"item":{"tag":1,"content":"a"}}`, []string{"a"}},
		{"item that is a string", `{"item":"a"}`, []string{"a"}},
		{"one string", `"a"`, []string{"a"}},
		{"tagged", `{"tag":1,"content":"a"}`, []string{"a"}},
		{"array of tagged", `[{"tag":1,"content":"a"},{"tag":2,"content":"b"}]`, []string{"a", "b"}},
		{"empty set", `{}`, nil},
		{"empty array", `[]`, nil},
		{"empty items", `{"items":[]}`, nil},
		{"empty elements", `[null,{},"","a"]`, []string{"a"}},
		{"empty set with white space", "{\n}", nil},
		{"items null", `{"items":null,"item":["a"]}`, []string{"a"}},
		{"null", `null`, nil},
		{"empty string", `""`, nil},
		{"white space", "[ \"a\"\n, \"b\" ]", []string{"a", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asRaw(t, `{"x":{"list":`+tt.list+`}}`, func(r cloudtrail.Raw) {
				var got []string
				r.Each(func(r cloudtrail.Raw) { got = append(got, r.String()) }, "x", "list")
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// A single object where a list is expected is its only element.
func TestRawEachObject(t *testing.T) {
	for _, list := range []string{`{"id":"a"}`, `{"id":"a","tag":"x"}`, `{"id":"a","content":"x"}`, `[{"id":"a"}]`, `{"items":[{"id":"a"}]}`, `{"item":{"id":"a"}}`, `{"tag":1,"content":{"id":"a"}}`} {
		asRaw(t, list, func(r cloudtrail.Raw) {
			var got []string
			r.Each(func(r cloudtrail.Raw) { got = append(got, r.String("id")) })
			if !slices.Equal(got, []string{"a"}) {
				t.Errorf("%s: got %q", list, got)
			}
		})
	}
}

func TestRawOf(t *testing.T) {
	for _, text := range []string{"", " ", "{", `{"a":1}x`, "null", "tru", strings.Repeat("[", 5_000_000)} {
		r := cloudtrail.RawOf(text)
		r.Each(func(cloudtrail.Raw) { t.Errorf("%.20q has an element", text) })
		if r.Exists() || r.String() != "" || r.Get("a").Exists() {
			t.Errorf("%.20q exists", text)
		}
	}
	if got := cloudtrail.RawOf(" [1] ").JSON(); got != "[1]" {
		t.Errorf("got %q", got)
	}
}

// TestRawMentions: what may be there is never overlooked, in whatever form it is written.
func TestRawMentions(t *testing.T) {
	for text, want := range map[string]bool{
		`{"credentials":{"accessKeyId":"ASIA1"}}`:      true,
		`{"credentials":{"access\u004beyId":"ASIA1"}}`: true,
		`{"credentials":{"sessionToken":"\n\"\\x"}}`:   false,
		`{"note":"accessKeyId"}`:                       true,
		`null`:                                         false,
	} {
		asRaw(t, text, func(r cloudtrail.Raw) {
			if got := r.Mentions("accessKeyId"); got != want {
				t.Errorf("%s: %v", text, got)
			}
		})
	}
}
