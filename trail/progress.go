package trail

import "io"

// Progress says how far the reading has come. A total is 0 while it is unknown.
type Progress struct {
	Files, TotalFiles int
	Bytes, TotalBytes int64 // as stored, files of known size only
	Name              string
}

// tracker reports progress.
type tracker struct {
	report    func(Progress)
	now       Progress // up to the end of the last file
	partBytes int64    // stored bytes read of the file being streamed
}

func (t *tracker) fileDone(e Entry) {
	t.now.Files++
	t.now.Bytes += max(e.Size, 0)
	t.partBytes = 0
	t.send(t.now, e.Name)
}

func (t *tracker) partDone(e Entry) {
	now := t.now
	if e.Size >= 0 {
		now.Bytes += min(t.partBytes, e.Size)
	}
	t.send(now, e.Name)
}

func (t *tracker) send(p Progress, name string) {
	if t.report == nil {
		return
	}
	p.Name = name
	t.report(p)
}

// countingReader adds what is read to a count.
type countingReader struct {
	io.Reader
	count *int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.count += int64(n)
	return n, err
}
