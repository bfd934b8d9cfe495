package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/straytoken/straytoken/network"
)

// maxLine bounds a line of the file, in bytes; a Holding takes some 300.
const maxLine = 1 << 16

// LineError is a line of an inventory file that cannot be used.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// errCutShort: a file is replaced whole, so this one was damaged or copied badly.
var errCutShort = errors.New("the line has no end: the file is cut short")

// Decode reads an inventory, a JSON object a line. A single bad line makes all of it
// bad: what is missing would count as not ours.
func Decode(r io.Reader) ([]network.Holding, error) {
	var out []network.Holding
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0:
			return out, nil
		case err == io.EOF:
			return nil, &LineError{n, errCutShort}
		case err != nil:
			return nil, &LineError{n, err}
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		h, err := decodeLine(line)
		if err != nil {
			return nil, &LineError{n, err}
		}
		out = append(out, h)
	}
}

func decodeLine(line []byte) (network.Holding, error) {
	var h network.Holding
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return h, err
	}
	h.From, h.Until = h.From.UTC(), h.Until.UTC()
	return h, h.Validate()
}

// Encode writes an inventory in the form that Decode reads.
func Encode(w io.Writer, holdings []network.Holding) error {
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	for i := range holdings {
		if err := e.Encode(&holdings[i]); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Load reads an inventory file.
func Load(path string) ([]network.Holding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	defer f.Close()
	holdings, err := Decode(f)
	if err != nil {
		return nil, fmt.Errorf("read the inventory %s: %w", path, err)
	}
	return holdings, nil
}

// Save replaces an inventory file by a new one, which only its owner can read. A
// reader sees the old one or the new one, never a part.
func Save(path string, holdings []network.Holding) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write the inventory: %w", err)
	}
	err = Encode(f, holdings)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the inventory %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Update merges readings into an inventory file, which need not exist yet.
func Update(path string, readings []Reading, options MergeOptions) ([]network.Holding, error) {
	known, err := Load(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	merged := Merge(known, readings, options)
	return merged, Save(path, merged)
}
