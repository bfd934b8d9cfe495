package simulate

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"time"
)

// companions writes what lies beside the trail files in a bucket and holds no
// records: hourly digest files, and now and then an Insights file.
type companions struct {
	actor
}

func (w *world) newCompanions(acct *account, region string) *companions {
	return &companions{w.actor(acct, region, "companions", 0)}
}

func (c *companions) live() {
	c.every(time.Hour, c.forever(c.digest))
	c.every(3*time.Hour, c.forever(c.insight))
}

// digest is a signed list of the trail files of an hour.
func (c *companions) digest() {
	end := c.now().Truncate(time.Hour)
	name := fmt.Sprintf("%s_CloudTrail-Digest_%s_management_%s_%s.json.gz", c.acct.id, c.region, c.region, end.Format("20060102T150405Z"))
	c.put("CloudTrail-Digest", name, object{
		"awsAccountId": c.acct.id, "digestStartTime": stamp(end.Add(-time.Hour)), "digestEndTime": stamp(end),
		"digestS3Bucket": "acme-trail", "digestPublicKeyFingerprint": hexDigits(c.rng, 32),
		"digestSignatureAlgorithm": "SHA256withRSA", "previousDigestHashAlgorithm": "SHA-256",
		"previousDigestHashValue": hexDigits(c.rng, 64), "logFiles": list{},
	})
}

// insight is an Insights event: it sums calls up and has no caller's address.
func (c *companions) insight() {
	name := fmt.Sprintf("%s_CloudTrail-Insight_%s_%s_%s.json.gz", c.acct.id, c.region, c.now().Format("20060102T1504Z"), letters(c.rng, alphanumeric, 16))
	c.put("CloudTrail-Insight", name, object{"Records": list{object{
		"eventVersion": "1.08", "eventTime": stamp(c.now()), "awsRegion": c.region, "eventID": guid(c.rng), "eventType": "AwsCloudTrailInsight",
		"recipientAccountId": c.acct.id, "sharedEventID": guid(c.rng), "eventCategory": "Insight",
		"insightDetails": object{
			"state": "Start", "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation", "insightType": "ApiCallRateInsight",
			"insightContext": object{"statistics": object{"baseline": object{"average": 0.0020}, "insight": object{"average": 6}, "insightDuration": 1}},
		},
	}}})
}

func (c *companions) put(kind, name string, content object) {
	d := c.w.delivery
	body, err := json.Marshal(content)
	if err != nil {
		d.fail(fmt.Errorf("encode %s: %w", name, err))
		return
	}
	path := fmt.Sprintf("AWSLogs/%s/%s/%s/%s/%s", c.acct.id, kind, c.region, c.now().Format("2006/01/02"), name)
	d.put(path, d.compress(func(w *gzip.Writer) { d.print(w, body) }))
}
