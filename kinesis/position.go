package kinesis

import (
	"fmt"
	"time"
)

// Position says where to begin in a stream that the application has never read. Once an application has begun, its
// position is recorded in the lease table and this setting has no effect. The zero value is Latest.
type Position struct {
	horizon bool
	at      time.Time
}

// Latest begins with the records that arrive after the application's first start, give or take a few seconds
// before. It is a fixed point in time: a restart before the first checkpoint begins there again.
func Latest() Position { return Position{} }

// TrimHorizon begins with the oldest record that the stream still holds.
func TrimHorizon() Position { return Position{horizon: true} }

// At begins with the first record that arrived at t or later.
func At(t time.Time) Position { return Position{at: t.UTC()} }

// ParsePosition reads what String writes: "latest", "trim-horizon" or a time in RFC 3339.
func ParsePosition(s string) (Position, error) {
	switch s {
	case "latest", "":
		return Latest(), nil
	case "trim-horizon":
		return TrimHorizon(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return Position{}, fmt.Errorf("start position %q is neither latest, trim-horizon nor a time such as 2026-01-02T15:04:05Z", s)
	}
	return At(t), nil
}

// String returns "latest", "trim-horizon" or a time in RFC 3339.
func (p Position) String() string {
	switch {
	case p.horizon:
		return "trim-horizon"
	case p.at.IsZero():
		return "latest"
	default:
		return p.at.Format(time.RFC3339Nano)
	}
}
