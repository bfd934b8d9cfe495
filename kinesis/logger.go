package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/vmware/vmware-go-kcl-v2/logger"
)

// levelTrace is below what anybody enables by accident: the library writes several lines a second for each shard.
const levelTrace = slog.LevelDebug - 4

// libraryLogger passes the library's log on to slog. What matters is logged by this package itself, so the library's
// information is for tracing only. Unlike the library's default it touches no global, and its Fatalf ends nothing.
type libraryLogger struct{ log *slog.Logger }

var _ logger.Logger = libraryLogger{}

func (l libraryLogger) Debugf(format string, args ...any) { l.write(levelTrace, format, args) }
func (l libraryLogger) Infof(format string, args ...any)  { l.write(levelTrace, format, args) }
func (l libraryLogger) Warnf(format string, args ...any)  { l.write(slog.LevelWarn, format, args) }
func (l libraryLogger) Errorf(format string, args ...any) { l.write(slog.LevelWarn, format, args) }
func (l libraryLogger) Fatalf(format string, args ...any) { l.write(slog.LevelError, format, args) }
func (l libraryLogger) Panicf(format string, args ...any) { l.write(slog.LevelError, format, args) }

// WithFields returns a logger that adds fields.
func (l libraryLogger) WithFields(fields logger.Fields) logger.Logger {
	log := l.log
	for k, v := range fields {
		log = log.With(k, v)
	}
	return libraryLogger{log}
}

func (l libraryLogger) write(level slog.Level, format string, args []any) {
	if level > levelTrace && expected(args) {
		level = levelTrace
	}
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "message of the Kinesis Client Library", "text", fmt.Sprintf(format, args...))
	}
}

// expected tells the end of a lease, which this package reports itself, from a real failure.
func expected(args []any) bool {
	for _, a := range args {
		if err, ok := a.(error); ok && errors.Is(err, errLeaseEnded) {
			return true
		}
	}
	return false
}
