package e2e

import (
	"encoding/json"
	"fmt"
	"time"
)

// object is a JSON object.
type object = map[string]any

// session is the session of the n-th instance, which has a role to itself: what is learned of one explains no other.
func session(n int) object {
	account, role, name := accountID(n), fmt.Sprintf("AROAE2E%014d", n), fmt.Sprintf("web-%d", n)
	return object{
		"type": "AssumedRole", "accountId": account, "accessKeyId": key(n),
		"principalId": fmt.Sprintf("%s:i-%017x", role, n),
		"arn":         fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/i-%017x", account, name, n),
		"sessionContext": object{
			"sessionIssuer":   object{"type": "Role", "principalId": role, "arn": "arn:aws:iam::" + account + ":role/" + name, "accountId": account, "userName": name},
			"attributes":      object{"creationDate": "2026-03-02T05:58:00Z", "mfaAuthenticated": "false"},
			"ec2RoleDelivery": "2.0",
		},
	}
}

// accountID is the account of the n-th session, which has a network address to itself there.
func accountID(n int) string { return fmt.Sprintf("%012d", 111122223333+n/20) }

// key is the access key id of the n-th session.
func key(n int) string { return fmt.Sprintf("ASIAE2E%013d", n) }

// eventIDs is how the ids of all these events begin.
const eventIDs = "e2e00000-0000-4000-"

// call is a call of the n-th session from an address, some seconds after the first one possible.
func call(n int, address string, second int) object {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second)
	return object{
		"eventVersion": "1.09", "eventTime": at.Format(time.RFC3339), "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
		"awsRegion": "eu-west-1", "sourceIPAddress": address, "userAgent": "aws-cli/2.15.0", "userIdentity": session(n),
		"eventID":   fmt.Sprintf("%s%04d-%012d", eventIDs, second%10_000, n),
		"eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "readOnly": true, "recipientAccountId": accountID(n),
	}
}

// home is where the n-th session belongs, and abroad where its thief is: other addresses for each, since one that many
// sessions share is taken for a way out that they share.
func home(n int) string   { return fmt.Sprintf("198.51.100.%d", n%250+1) }
func abroad(n int) string { return fmt.Sprintf("203.0.113.%d", n%250+1) }

// encode is v as JSON.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // objects of strings, numbers and objects always marshal
	}
	return b
}

// trailFile is a trail file of events.
func trailFile(events ...object) []byte { return encode(object{"Records": events}) }
