package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	const input = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA/sub"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"=== RUN   TestC\n"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: no node\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
{"Action":"pass","Package":"q","Test":"TestD"}
{"Action":"pass","Package":"q","Elapsed":1.5}
{"Action":"skip","Package":"r"}
# some tool's message
`
	var out bytes.Buffer
	tt := newTotals(&out)
	if err := tt.read(strings.NewReader(input)); err != nil {
		t.Fatal(err)
	}
	if tt.finish() {
		t.Error("a failed test counts as success")
	}
	for _, want := range []string{"FAIL p TestA\n", "a_test.go:1: wrong", "ok   q", "skipped p TestC: c_test.go:9: no node", "# some tool's message",
		"\n2 tests passed, 1 failed, 1 skipped, in 2 packages of which 1 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestTotalsOfABrokenBuild(t *testing.T) {
	const input = `{"ImportPath":"p","Action":"build-output","Output":"p.go:1: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p"}
`
	var out bytes.Buffer
	tt := newTotals(&out)
	if err := tt.read(strings.NewReader(input)); err != nil {
		t.Fatal(err)
	}
	if tt.finish() || !strings.Contains(out.String(), "p.go:1: syntax error") {
		t.Errorf("a broken build reads:\n%s", out.String())
	}
}
