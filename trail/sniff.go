package trail

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// sniffBytes is how much of a file is looked at to tell what it holds. A
// CloudTrail event has at most 256 KB, nearly always a few.
const sniffBytes = 64 << 10

// sniffFile tells whether a file that no name vouches for holds CloudTrail
// events. When it cannot be read it passes if its extension fits: the reader
// will then report the error.
func sniffFile(path string) bool {
	head, err := readHead(path)
	if err != nil {
		return hasTrailExtension(filepath.Base(path))
	}
	return looksLikeTrail(head)
}

func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gunzipped(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, sniffBytes))
}

// gunzipped reads through gzip, whatever the name of the file says.
func gunzipped(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// looksLikeTrail looks for JSON with a key of one of the forms in which
// CloudTrail events travel. It may err towards true: the decoder judges.
func looksLikeTrail(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	for _, key := range []string{
		`"Records"`, `"eventVersion"`, `"eventSource"`, `"eventName"`, // trail file, bare event
		`"detail-type"`,                // EventBridge
		`"logEvents"`, `"messageType"`, // CloudWatch Logs
		`"CloudTrailEvent"`, `"Events"`, // LookupEvents
	} {
		if bytes.Contains(head, []byte(key)) {
			return true
		}
	}
	return false
}
