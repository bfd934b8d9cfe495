package cloudtrail

import "strings"

// Raw is a span of valid JSON, or empty. It reads tolerantly: what is absent, null
// or of another type than asked for reads as empty, never as an error. Of duplicate
// members the last one counts. A Raw of an Event lives as long as the Event.
//
// It is read with the package's own cursor, not a JSON path library: the same
// grammar, names that may hold any character, and no recursion over the content.
type Raw struct {
	text    string
	wrapped bool // the text stands in a JSON string, as it does there
}

// RawOf returns text as a Raw, empty when it is not one valid JSON value.
func RawOf(text string) Raw {
	c := Raw{text: text}.cursor(new(workspace))
	r, end := c.raw(0)
	if c.peekAt(end); c.pos != len(text) {
		return Raw{}
	}
	return r
}

// Exists reports whether there is a value other than null.
func (r Raw) Exists() bool { return r.text != "" }

// JSON returns the span as it stands in the record, "" when empty. A span of a message
// of CloudWatch Logs is unescaped at each call, into memory of its own.
func (r Raw) JSON() string {
	if !r.wrapped {
		return r.text
	}
	return string(appendUnescaped(make([]byte, 0, len(r.text)), r.text))
}

// Mentions reports, at little cost, whether a text of letters and digits may be in the
// span, as part of a name or of a value: what is written with \u escapes may be any text.
func (r Raw) Mentions(text string) bool {
	return strings.Contains(r.text, text) || strings.Contains(r.text, `\u`)
}

// Get follows member names from object to object and returns the value.
func (r Raw) Get(path ...string) Raw {
	for _, name := range path {
		r = r.member(name)
	}
	return r
}

// String returns the string at path, unescaped, a number or boolean as its text,
// and "" for anything else.
func (r Raw) String(path ...string) string {
	r = r.Get(path...)
	switch r.kind() {
	case '{', '[', 0:
		return ""
	case '"':
		return r.unquoted()
	default:
		return r.text
	}
}

// Each calls fn for each element of the list at path, in order. CloudTrail writes
// lists in several shapes, EC2 most of all, and all are taken for the list that they
// mean: an array; {"items":[…]} or {"item":…} around one; a single value where a
// list is expected; {"tag":1,"content":…} around an element. An empty object, an
// empty string and null have no element.
func (r Raw) Each(fn func(Raw), path ...string) {
	list := r.Get(path...).unwrapped()
	if list.kind() != '[' {
		list.one(fn)
		return
	}
	c := list.cursor(new(workspace))
	c.array(func() {
		var element Raw
		element, c.pos = c.raw(c.pos)
		element.one(fn)
	})
}

// unwrapped returns the list that EC2 has wrapped, or r.
func (r Raw) unwrapped() Raw {
	for _, wrapper := range [...]string{"items", "item"} {
		if list := r.member(wrapper); list.Exists() {
			return list
		}
	}
	return r
}

// one calls fn for r as a single element.
func (r Raw) one(fn func(Raw)) {
	if content := r.member("content"); content.Exists() && r.member("tag").Exists() {
		r = content
	}
	if !r.blank() {
		fn(r)
	}
}

// blank reports whether r is empty, or an empty object or string.
func (r Raw) blank() bool {
	switch r.kind() {
	case 0:
		return true
	case '{':
		return strings.Trim(r.text[1:len(r.text)-1], jsonSpace) == ""
	default:
		return r.text == `""` || r.text == `\"\"`
	}
}

// kind returns the first byte, which tells the type; 0 when empty.
func (r Raw) kind() byte {
	if r.text == "" {
		return 0
	}
	if r.text[0] == '\\' {
		return '"'
	}
	return r.text[0]
}

func (r Raw) member(name string) (found Raw) {
	if r.kind() != '{' {
		return Raw{}
	}
	c := r.cursor(new(workspace))
	c.object(func(key string) {
		var value Raw
		value, c.pos = c.raw(c.pos)
		if key == name {
			found = value
		}
	})
	return found
}

func (r Raw) unquoted() string {
	c := r.cursor(new(workspace))
	s, _ := c.str(0)
	return s
}

func (r Raw) cursor(w *workspace) cursor {
	c := cursor{text: r.text, maxDepth: maxDepth, work: w, notation: plain}
	if r.wrapped {
		c.notation = wrapped
	}
	return c
}
