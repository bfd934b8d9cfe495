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
	r := cloudtrail.RawOf(text)
	for _, tt := range tests {
		t.Run(strings.Join(tt.path, "/"), func(t *testing.T) {
			if got := r.String(tt.path...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
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
			var got []string
			cloudtrail.RawOf(`{"x":{"list":`+tt.list+`}}`).Each(func(r cloudtrail.Raw) { got = append(got, r.String()) }, "x", "list")
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A single object where a list is expected is its only element.
func TestRawEachObject(t *testing.T) {
	for _, list := range []string{`{"id":"a"}`, `{"id":"a","tag":"x"}`, `{"id":"a","content":"x"}`, `[{"id":"a"}]`, `{"items":[{"id":"a"}]}`, `{"item":{"id":"a"}}`, `{"tag":1,"content":{"id":"a"}}`} {
		var got []string
		cloudtrail.RawOf(list).Each(func(r cloudtrail.Raw) { got = append(got, r.String("id")) })
		if !slices.Equal(got, []string{"a"}) {
			t.Errorf("%s: got %q", list, got)
		}
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
