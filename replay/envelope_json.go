package replay

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// eventBridge wraps an event as a rule's target receives it (EventBridge User
// Guide, "AWS service events delivered via AWS CloudTrail").
func eventBridge(e Source) ([]byte, error) {
	service, _, _ := strings.Cut(e.Service, ".")
	return marshal(struct {
		Version    string          `json:"version"`
		ID         string          `json:"id"`
		DetailType string          `json:"detail-type"`
		Source     string          `json:"source"`
		Account    string          `json:"account"`
		Time       time.Time       `json:"time"`
		Region     string          `json:"region"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}{"0", e.ID, detailType(e.Type), "aws." + service, e.AccountID, e.Time, e.Region, []string{}, e.JSON})
}

func detailType(eventType string) string {
	switch eventType {
	case "AwsConsoleSignIn":
		return "AWS Console Sign In via CloudTrail"
	case "AwsServiceEvent":
		return "AWS Service Event via CloudTrail"
	}
	return "AWS API Call via CloudTrail"
}

type logEvent struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"` // milliseconds
	Message   string `json:"message"`
}

// cloudWatchLogs is the message of a subscription filter, before compression
// (CloudWatch Logs User Guide, "Using subscription filters").
func cloudWatchLogs(events []Source) ([]byte, error) {
	logs := make([]logEvent, len(events))
	for i, e := range events {
		logs[i] = logEvent{ID: e.ID, Timestamp: e.Time.UnixMilli(), Message: string(e.JSON)}
	}
	return marshal(struct {
		MessageType string     `json:"messageType"`
		Owner       string     `json:"owner"`
		LogGroup    string     `json:"logGroup"`
		LogStream   string     `json:"logStream"`
		Filters     []string   `json:"subscriptionFilters"`
		LogEvents   []logEvent `json:"logEvents"`
	}{
		"DATA_MESSAGE", events[0].AccountID, "CloudTrail/DefaultLogGroup",
		events[0].AccountID + "_CloudTrail_" + events[0].Region, []string{"straytoken"}, logs,
	})
}

type lookupEvent struct {
	ID          string    `json:"EventId"`
	Name        string    `json:"EventName"`
	ReadOnly    string    `json:"ReadOnly"`
	AccessKeyID string    `json:"AccessKeyId,omitempty"`
	Time        time.Time `json:"EventTime"`
	Source      string    `json:"EventSource"`
	Event       string    `json:"CloudTrailEvent"`
}

// lookup is the output of aws cloudtrail lookup-events.
func lookup(events []Source) ([]byte, error) {
	found := make([]lookupEvent, len(events))
	for i, e := range events {
		readOnly := "false"
		if e.ReadOnly {
			readOnly = "true"
		}
		found[i] = lookupEvent{e.ID, e.Name, readOnly, e.AccessKeyID, e.Time, e.Service, string(e.JSON)}
	}
	return marshal(struct{ Events []lookupEvent }{found})
}

// marshal leaves <, > and & as they are: AWS does.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
