package cloudtrail

// Limits bounds what one record may cost. A zero field means its default, so
// the zero value is usable.
type Limits struct {
	// MaxDecompressed bounds the bytes that gzip, base64 and JSON strings unpack
	// to, added up over all layers of a record; a message of CloudWatch Logs counts
	// as it stands, escaped, when it need not be unpacked. It bounds a line of
	// [Decoder.DecodeStream] too. Default 64 MiB.
	MaxDecompressed int64
	// MaxDepth bounds the nesting of arrays and objects in one JSON text.
	// Default 512, at most 10,000.
	MaxDepth int
	// MaxLayers bounds how deep envelopes lie in each other: gzip, base64, a JSON
	// string, a list and a wrapping object each count one. A subscription read
	// from Kinesis has three. Default 10.
	MaxLayers int
	// MaxEvents bounds what one record may hold: events, skipped and bad ones
	// together. Default 1,048,576.
	MaxEvents int
}

const (
	defaultDecompressed = 64 << 20
	defaultDepth        = 512
	defaultLayers       = 10
	defaultEvents       = 1 << 20

	// maxDepth is the deepest nesting that Limits.MaxDepth can allow and that a
	// Raw is read to; encoding/json has the same.
	maxDepth = 10_000
)

// Decompressed is MaxDecompressed, or its default.
func (l Limits) Decompressed() int64 { return l.withDefaults().MaxDecompressed }

func (l Limits) withDefaults() Limits {
	if l.MaxDecompressed <= 0 {
		l.MaxDecompressed = defaultDecompressed
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = defaultDepth
	}
	l.MaxDepth = min(l.MaxDepth, maxDepth)
	if l.MaxLayers <= 0 {
		l.MaxLayers = defaultLayers
	}
	if l.MaxEvents <= 0 {
		l.MaxEvents = defaultEvents
	}
	return l
}
