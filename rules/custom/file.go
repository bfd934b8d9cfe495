package custom

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a rule file, in bytes.
const maxFile = 4 << 20

// fileRule is a rule as its file has it.
type fileRule struct {
	// Name is what findings, metrics and exceptions call the rule: lower case letters,
	// digits and hyphens.
	Name        text   `yaml:"name"`
	Description string `yaml:"description"` // for readers of the file
	Owner       string `yaml:"owner"`       // who answers for the rule
	On          text   `yaml:"on"`          // event or verdict
	When        text   `yaml:"when"`        // the predicate
	Kinds       []text `yaml:"kinds"`       // kinds of session; empty: all
	Staged      bool   `yaml:"staged"`

	Evidence *fileEvidence `yaml:"evidence"`
	Suppress string        `yaml:"suppress"` // the reason
	Finding  *fileFinding  `yaml:"finding"`
	Cases    []Case        `yaml:"cases"`
}

type fileEvidence struct {
	Weight int    `yaml:"weight"` // -200 to 200
	Text   string `yaml:"text"`
}

type fileFinding struct {
	Severity text `yaml:"severity"` // low, medium, high or critical
	Title    text `yaml:"title"`
}

// text is a string with its place in the file.
type text struct {
	string
	node *yaml.Node
}

// UnmarshalYAML reads it.
func (t *text) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: want a text", n.Line)}}
	}
	t.string, t.node = n.Value, n
	return nil
}

// Errors are all that is wrong with rule files, one a line.
type Errors []Error

// Error joins them.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Error is one problem of a rule file. Line and Column count from 1; 0 is unknown.
type Error struct {
	Path         string
	Line, Column int
	Rule         string // "" when the file as a whole is bad
	Text         string
}

// Error gives path:line:column: rule: text.
func (e Error) Error() string {
	at := e.Path
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, e.Line)
	}
	if e.Column > 0 {
		at = fmt.Sprintf("%s:%d", at, e.Column)
	}
	if e.Rule != "" {
		at += ": rule " + e.Rule
	}
	return at + ": " + e.Text
}

// file is a rule file while it is read.
type file struct {
	path  string
	lines []string
	rules []fileRule
	bad   Errors
}

// readFile reads the form of a file; what is wrong with it is in bad.
func readFile(path string, content []byte) *file {
	f := &file{path: path, lines: strings.Split(string(content), "\n")}
	if len(content) > maxFile {
		f.note(nil, "", "the file has more than %d bytes", maxFile)
		return f
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(&f.rules)
	var types *yaml.TypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
	case errors.As(err, &types):
		for _, one := range types.Errors {
			f.noteYAML(one)
		}
	default:
		f.noteYAML(Syntax(content, err))
	}
	return f
}

// Syntax is what the YAML library says of a text that is no YAML, with the line. It
// leaves the line out where that is the first, and of bytes that are no text.
func Syntax(content []byte, err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.HasPrefix(text, "line ") {
		return text
	}
	before := content[:max(bytes.IndexFunc(content, isNoText), 0)]
	return fmt.Sprintf("line %d: %s", bytes.Count(before, []byte("\n"))+1, text)
}

func isNoText(r rune) bool {
	return r == utf8.RuneError || r == 0x7f || r < ' ' && r != '\t' && r != '\n' && r != '\r'
}

// noteYAML notes a problem of the YAML library, which may begin with its line.
func (f *file) noteYAML(text string) {
	line := 0
	if _, err := fmt.Sscanf(text, "line %d:", &line); err == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	f.bad = append(f.bad, Error{Path: f.path, Line: line, Text: text})
}

// note notes a problem at a node, or with the file where there is none.
func (f *file) note(n *yaml.Node, rule, format string, args ...any) {
	e := Error{Path: f.path, Rule: rule, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	f.bad = append(f.bad, e)
}

// noteProblem notes a problem inside of a predicate at its place in the file.
func (f *file) noteProblem(t text, rule string, p Problem) {
	line, column := Position(t.node, f.lines, p)
	f.bad = append(f.bad, Error{Path: f.path, Line: line, Column: column, Rule: rule, Text: p.Text})
}

// Position finds the line and column in a YAML file of a problem in a scalar of
// it. Where the scalar is folded over several lines, or written with escapes, it is
// the nearest that can be said.
func Position(n *yaml.Node, lines []string, p Problem) (line, column int) {
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		line = n.Line + p.Line
		return line, indent(lines, n.Line+1) + p.Column
	case n.Style&yaml.FoldedStyle != 0:
		return unfold(lines, n.Line+1, p.Column)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return n.Line, n.Column + p.Column
	}
	return n.Line, n.Column + p.Column - 1
}

// indent counts the spaces before a line, which counts from 1.
func indent(lines []string, line int) int {
	if line < 1 || line > len(lines) {
		return 0
	}
	return len(lines[line-1]) - len(strings.TrimLeft(lines[line-1], " "))
}

// unfold finds a column of a folded scalar that begins at a line.
func unfold(lines []string, line, column int) (int, int) {
	spaces := indent(lines, line)
	for line < len(lines) {
		width := len(strings.TrimRight(lines[line-1], " \r")) - spaces
		if column <= width+1 {
			break
		}
		line, column = line+1, column-max(width, 0)-1
	}
	return line, spaces + column
}
