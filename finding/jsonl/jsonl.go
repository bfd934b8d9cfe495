// Package jsonl writes and reads JSON lines that come from hostile input: a
// written line is one line to every reader and safe to show on a terminal, and
// reading holds no more than a bounded line in memory and goes on after a line
// that is broken.
package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Append appends v as one line of JSON, with its newline, to dst. HTML
// characters stay as they are. What a terminal could obey or what reorders text
// (DEL, C1 controls, bidirectional overrides), and with it everything else
// outside ASCII, is written as \u escapes, which mean the same to a JSON reader.
// On an error dst is returned as it was.
func Append(dst []byte, v any) ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, fmt.Errorf("encode JSON line: %w", err)
	}
	return appendASCII(dst, line.Bytes()), nil
}

// appendASCII appends valid JSON, writing what is not ASCII (which in JSON
// stands inside strings only) as \u escapes.
func appendASCII(dst, line []byte) []byte {
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case r < 0x7f:
			dst = append(dst, line[0])
		case r <= 0xffff:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		}
		line = line[n:]
	}
	return dst
}
