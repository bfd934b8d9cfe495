package config

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// fieldPath is the field that a problem begins with: judge.weights.agent-drift,
// findings[1].
var fieldPath = regexp.MustCompile(`^[a-z_]+(\.[a-z_-]+|\[[0-9]+\])*`)

var pathStep = regexp.MustCompile(`[a-z_-]+|[0-9]+`)

// place puts the line of the field that a problem begins with before it, as far as
// the field is there.
func (p problems) place(text []byte) {
	var root yaml.Node
	if yaml.Unmarshal(text, &root) != nil || len(root.Content) == 0 {
		return
	}
	for i, problem := range p {
		if line := lineOf(root.Content[0], pathStep.FindAllString(fieldPath.FindString(problem), -1)); line > 0 {
			p[i] = fmt.Sprintf("line %d: %s", line, problem)
		}
	}
}

// lineOf is the line of the last node on a path that is there; 0 when none is.
func lineOf(n *yaml.Node, path []string) int {
	line := 0
	for _, step := range path {
		key, next := child(n, step)
		if next == nil {
			break
		}
		line, n = key.Line, next
	}
	return line
}

// child is an entry of a mapping or of a sequence, and the node that names it.
func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i], n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
	}
	return nil, nil
}
