package sink

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/straytoken/straytoken/finding"
)

// JSON writes findings to w as JSON lines, one Write a finding, so that lines of
// concurrent senders never mix. After a partial write the next line begins on a
// line of its own. A finding is accepted when w has taken it: use OpenFile where
// it must be on disk.
func JSON(w io.Writer) Sink {
	return &stream{w: w, turn: newTurn(), render: finding.AppendJSON}
}

// Text writes findings to w for people, one Write a finding, as
// finding.WriteText renders them. It remembers what it wrote of open findings,
// so that updates say what changed; o.Previous is not used.
func Text(w io.Writer, o finding.TextOptions) Sink {
	t := &text{options: o, written: make(map[string]*finding.Finding)}
	return &stream{w: w, turn: newTurn(), render: t.render, wrote: t.remember}
}

// stream writes findings one by one.
type stream struct {
	render func(dst []byte, f *finding.Finding) ([]byte, error)
	wrote  func(f *finding.Finding) // may be nil

	turn turn // guards what follows, and the calls of render and wrote
	w    io.Writer
	torn bool // the last write ended inside a line
}

func (s *stream) Send(ctx context.Context, findings []*finding.Finding) error {
	for _, f := range findings {
		if err := s.turn.write(ctx, func() error { return s.send(f) }); err != nil {
			return fmt.Errorf("write finding %q: %w", f.ID, err)
		}
	}
	return nil
}

// send has the turn.
func (s *stream) send(f *finding.Finding) error {
	var data []byte
	if s.torn {
		data = append(data, '\n')
	}
	data, err := s.render(data, f)
	if err != nil {
		return err
	}
	n, err := s.w.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if n > 0 {
		s.torn = data[min(n, len(data))-1] != '\n'
	}
	if err != nil {
		return err
	}
	if s.wrote != nil {
		s.wrote(f)
	}
	return nil
}

// text remembers the findings that were written last, at most maxRemembered.
// Its stream calls it in its turn.
type text struct {
	options finding.TextOptions
	written map[string]*finding.Finding
}

// maxRemembered bounds what the sinks remember to write better or less. When it
// is reached they forget everything, which costs a repetition.
const maxRemembered = 4096

func (t *text) render(dst []byte, f *finding.Finding) ([]byte, error) {
	o := t.options
	o.Previous = t.written[f.ID]
	out := bytes.NewBuffer(dst)
	if err := finding.WriteText(out, f, o); err != nil {
		return dst, err
	}
	return out.Bytes(), nil
}

func (t *text) remember(f *finding.Finding) {
	if f.Activity == finding.Close {
		delete(t.written, f.ID)
		return
	}
	if len(t.written) >= maxRemembered {
		clear(t.written)
	}
	t.written[f.ID] = f
}
