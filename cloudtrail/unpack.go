package cloudtrail

import (
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
)

// buffers are byte slices that are used again. Layers take them in turn and give
// them back in reverse.
type buffers struct{ free [][]byte }

func (b *buffers) take() []byte {
	last := len(b.free) - 1
	if last < 0 {
		return nil
	}
	buffer := b.free[last]
	b.free = b.free[:last]
	return buffer
}

// give takes back a buffer, which may have grown. One that a rare record has grown
// too large for keeping is left to the garbage collector.
func (b *buffers) give(buffer *[]byte) {
	if cap(*buffer) <= maxKept {
		b.free = append(b.free, (*buffer)[:0])
	}
}

// maxKept is the largest buffer that waits for the next record: a few trail files'.
const maxKept = 32 << 20

// minRead is the least room that a gzip stream is read into.
const minRead = 4 << 10

// spend takes n unpacked bytes off what the record may unpack to.
func (d *Decoder) spend(n int) error {
	if d.left -= int64(n); d.left < 0 {
		return fault(ErrTooLarge, "unpacks to more than %d bytes", d.limits.MaxDecompressed)
	}
	return nil
}

// gunzip decodes the content of a gzip stream, which may have several members.
func (d *Decoder) gunzip(b []byte, layer int) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[EnvelopeGzip]++
	buffer := d.buffers.take()
	defer d.buffers.give(&buffer)
	if buffer, err = d.inflate(buffer, b); err != nil {
		return err
	}
	return d.content(buffer, layer)
}

// inflate appends what b unpacks to. The length that b itself states is not to be
// trusted, so the buffer grows with what comes, up to one byte over the limit.
func (d *Decoder) inflate(buffer, b []byte) ([]byte, error) {
	d.packed.Reset(b)
	if err := d.gzip.Reset(&d.packed); err != nil {
		return buffer, gzipFault(err)
	}
	for {
		buffer = slices.Grow(buffer, minRead)
		room := buffer[len(buffer):cap(buffer)]
		room = room[:min(int64(len(room)), d.left+1)]
		n, err := d.gzip.Read(room)
		buffer = buffer[:len(buffer)+n]
		if err := d.spend(n); err != nil {
			return buffer, err
		}
		if err == io.EOF {
			return buffer, nil
		}
		if err != nil {
			return buffer, gzipFault(err)
		}
	}
}

func gzipFault(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault(ErrTruncatedGzip, "%w", err)
	}
	return fault(ErrBadGzip, "%w", err)
}

// looksLikeBase64 reports whether s has base64's characters only, of either
// alphabet, and line ends.
func looksLikeBase64(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("+/-_=\r\n", b) >= 0:
		default:
			return false
		}
	}
	return true
}

// base64 decodes the content of base64 text.
func (d *Decoder) base64(s string, layer int) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[EnvelopeBase64]++
	s = strings.TrimRight(s, "=\r\n")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		encoding = base64.RawURLEncoding
	}
	if err := d.spend(encoding.DecodedLen(len(s))); err != nil {
		return err
	}
	buffer := d.buffers.take()
	defer d.buffers.give(&buffer)
	if buffer, err = encoding.AppendDecode(buffer, []byte(s)); err != nil {
		return fault(ErrBadBase64, "%w", err)
	}
	return d.content(buffer, layer)
}
