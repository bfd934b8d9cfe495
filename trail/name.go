package trail

import (
	"path"
	"slices"
	"strings"
	"time"
)

// stampLayout is the delivery stamp in the name of a trail file.
const stampLayout = "20060102T1504Z"

// fileName is what the name of a trail file says:
// <account>_CloudTrail_<region>_<stamp>_<unique>.json.gz
// (CloudTrail User Guide, "CloudTrail log file name format").
type fileName struct {
	account, region string
	delivered       time.Time // zero if the name is of another form
}

func parseName(base string) fileName {
	parts := strings.SplitN(base, "_", 5)
	if len(parts) < 5 || !isAccount(parts[0]) || !strings.HasPrefix(parts[1], "CloudTrail") {
		return fileName{}
	}
	delivered, err := time.Parse(stampLayout, parts[3])
	if err != nil {
		return fileName{}
	}
	return fileName{account: parts[0], region: parts[2], delivered: delivered}
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

func isOrganization(s string) bool { return strings.HasPrefix(s, "o-") }

// reasonByName says why a file or folder of this name holds no events.
func reasonByName(base string) (Reason, bool) {
	switch {
	case strings.HasPrefix(base, "."):
		return Hidden, true
	case strings.HasPrefix(base, "CloudTrail-Digest"), strings.Contains(base, "_CloudTrail-Digest_"):
		return Digest, true
	case strings.HasPrefix(base, "CloudTrail-Insight"), strings.Contains(base, "_CloudTrail-Insight_"):
		return Insight, true
	}
	return "", false
}

// hasTrailExtension tells whether files of this name usually hold trails.
func hasTrailExtension(base string) bool {
	switch strings.ToLower(path.Ext(base)) {
	case ".gz", ".json", ".ndjson", ".jsonl":
		return true
	}
	return false
}

func (f Filter) allows(n fileName) bool {
	return f.allowsAccount(n.account) && f.allowsRegion(n.region) && f.allowsStamp(n.delivered)
}

func (f Filter) allowsAccount(id string) bool {
	return id == "" || len(f.Accounts) == 0 || slices.Contains(f.Accounts, id)
}

func (f Filter) allowsRegion(region string) bool {
	return region == "" || len(f.Regions) == 0 || slices.Contains(f.Regions, region)
}

func (f Filter) allowsStamp(t time.Time) bool {
	if t.IsZero() {
		return true
	}
	return !t.Before(f.Since) && (f.Until.IsZero() || t.Before(f.Until))
}
