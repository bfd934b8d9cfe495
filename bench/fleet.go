package bench

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/replay"
)

// Fleet is any number of EC2 instances, each with a session of its own and one address,
// a hundred to a role. Where Corpus has variety, a Fleet has size.
type Fleet struct {
	// EventBytes is about how large an event is, at least 1,100; 0 means 1,500. Below that
	// events lack what not all services log.
	EventBytes int
}

const (
	perRole    = 100
	usualBytes = 1500
	learnBytes = 1 << 20 // of a record of new sessions
)

// Began is when the sessions of a Fleet begin.
var Began = time.Date(2027, 1, 10, 6, 0, 0, 0, time.UTC)

// Event is a session's use, the nth of its uses, from its own address.
func (f Fleet) Event(session, n int) []byte { return f.from(session, n, address(session)) }

// Stolen is a use of the session from a stranger's address.
func (f Fleet) Stolen(session, n int) []byte { return f.from(session, n, address(session+1<<24)) }

// Key is a session's access key id.
func (f Fleet) Key(session int) string { return "ASIA" + identifier(uint64(session)+1<<40) }

func (f Fleet) from(session, n int, address string) []byte {
	role := session / perRole
	account := 100_000_000_000 + role/10
	instance := fmt.Sprintf("i-0%016x", uint64(session+1)*0x9e3779b97f4a7c15)
	h := uint64(session)*0x9e3779b97f4a7c15 + uint64(n)*0xbf58476d1ce4e5b9
	p := padding{rand.New(rand.NewPCG(h, uint64(session)))}
	b := fmt.Appendf(make([]byte, 0, 1600), `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA%[1]sX:%[2]s",`+
		`"arn":"arn:aws:sts::%[3]d:assumed-role/web-%[4]d/%[2]s","accountId":"%[3]d","accessKeyId":"%[5]s","sessionContext":{`+
		`"sessionIssuer":{"type":"Role","principalId":"AROA%[1]sX","arn":"arn:aws:iam::%[3]d:role/web-%[4]d","accountId":"%[3]d","userName":"web-%[4]d"},`+
		`"webIdFederationData":{},"attributes":{"creationDate":"%[6]s","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"}},`,
		identifier(uint64(role+1)), instance, account, role, f.Key(session), Began.Format(time.RFC3339))
	b = fmt.Appendf(b, `"eventTime":"%[1]s","eventSource":"dynamodb.amazonaws.com","eventName":"GetItem","awsRegion":"us-east-1","sourceIPAddress":"%[2]s",`+
		`"userAgent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/dynamodb#1.34.4",`+
		`"requestParameters":{"tableName":"orders-%[3]d","key":{"pk":"%010[4]x"},"consistentRead":false},"responseElements":null,`,
		Began.Add(time.Duration(1+n)*time.Second).Format(time.RFC3339), address, role%20, h>>24)
	if lacks := f.EventBytes - usualBytes; lacks > 0 {
		b = append(b, `"serviceEventDetails":{`...)
		b = append(append(b, p.answer(lacks)...), "},"...)
	}
	b = fmt.Appendf(b, `"requestID":"%s","eventID":"%s","readOnly":true,`, p.id(), p.id())
	if f.EventBytes > 0 && f.EventBytes < usualBytes {
		return fmt.Appendf(b, `"eventType":"AwsApiCall","recipientAccountId":"%d"}`, account)
	}
	return fmt.Appendf(b, `"additionalEventData":{"SignatureVersion":"SigV4","x-amz-id-2":"%[3]s"},"resources":[{"accountId":"%[1]d","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:us-east-1:%[1]d:table/orders-%[2]d"}],`+
		`"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%[1]d","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3",`+
		`"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"dynamodb.us-east-1.amazonaws.com"}}`,
		account, role%20, p.text(76))
}

// identifier is a number as AWS writes ids: 16 letters and digits.
func identifier(n uint64) string {
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], n*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint16(b[8:], uint16(n))
	return base32.StdEncoding.EncodeToString(b[:])
}

// address is a public address of a number, below 2^25.
func address(n int) string {
	return fmt.Sprintf("%d.%d.%d.%d", 11+n>>22, n>>14&0xff, n>>6&0xff, 1+n&0x3f)
}

// Batch is the nth use of some sessions as one uncompressed record.
func (f Fleet) Batch(shard string, n int, sessions ...int) []processor.Record {
	b := []byte(`{"Records":[`)
	for i, s := range sessions {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f.Event(s, n)...)
	}
	return []processor.Record{{Data: append(b, "]}"...), Stream: "bench", Shard: shard}}
}

// Packed is uses of some sessions in CloudWatch Logs envelopes of 67.
func (f Fleet) Packed(n int, sessions ...int) ([]Record, error) {
	c := &Corpus{}
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for _, s := range sessions {
		_, err := d.Decode(f.Event(s, n), func(e *cloudtrail.Event) error {
			source, err := replay.NewSource(e)
			source.AccountID = "100000000000" // one log stream for all
			c.add(source)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("pack session %d: %w", s, err)
		}
	}
	return c.Pack(replay.CloudWatchLogs, PerLog)
}

// How many events real envelopes hold: CloudWatch Logs' records and trail files.
const (
	PerLog   = 67
	PerTrail = 312
)

// Learn lets a pipeline see the first use of sessions, from a number up to another.
func (f Fleet) Learn(ctx context.Context, p *Pipeline, shard string, from, to int) error {
	at := min(500, learnBytes/max(f.EventBytes, usualBytes))
	for ; from < to; from += at {
		sessions := make([]int, 0, at)
		for s := from; s < min(from+at, to); s++ {
			sessions = append(sessions, s)
		}
		if err := p.Process(ctx, f.Batch(shard, 0, sessions...)); err != nil {
			return err
		}
	}
	return nil
}

// LearnAll is Learn on all cores, a shard each.
func (f Fleet) LearnAll(ctx context.Context, p *Pipeline, from, to int) error {
	g, ctx := errgroup.WithContext(ctx)
	n, parts := to-from, runtime.GOMAXPROCS(0)
	for i := range parts {
		g.Go(func() error { return f.Learn(ctx, p, fmt.Sprint(i), from+n*i/parts, from+n*(i+1)/parts) })
	}
	return g.Wait()
}
