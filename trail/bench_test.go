package trail_test

import (
	"strings"
	"testing"

	"github.com/straytoken/straytoken/trail"
)

func BenchmarkStdin(b *testing.B) {
	line := strings.Replace(event, "1.11", strings.Repeat("x", 1400), 1)
	for name, content := range map[string]string{
		"lines":     strings.Repeat(line+"\n", 20_000),
		"documents": strings.Repeat(`{"Records":[`+strings.Repeat(line+",", 200)+line+`]}`, 100),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				l, err := trail.List(b.Context(), []string{trail.Stdin}, trail.Options{Stdin: strings.NewReader(content)})
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range l.Files(b.Context(), nil) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
