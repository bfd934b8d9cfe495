package bench

import (
	"bytes"
	standard "compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Gunzip unpacks records and does nothing with them: the floor of what an event can cost.
// It uses the library that the decoder uses, one reader and one buffer.
type Gunzip struct {
	packed bytes.Reader
	reader gzip.Reader
	buffer []byte
	Bytes  int // unpacked so far
}

// Run unpacks records.
func (g *Gunzip) Run(records []Record) error {
	for i := range records {
		if err := g.one(records[i].Data); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	return nil
}

func (g *Gunzip) one(data []byte) error {
	g.packed.Reset(data)
	if err := g.reader.Reset(&g.packed); err != nil {
		return err
	}
	if g.buffer == nil {
		g.buffer = make([]byte, 1<<20)
	}
	for {
		n, err := g.reader.Read(g.buffer)
		g.Bytes += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Decode decodes records by straytoken's decoder and does nothing with their events.
type Decode struct{ decoder *cloudtrail.Decoder }

// NewDecode makes a Decode.
func NewDecode() *Decode { return &Decode{cloudtrail.NewDecoder(cloudtrail.Limits{})} }

// Run decodes records. What is no good is left to whoever processes it.
func (d *Decode) Run(records []Record) error {
	for i := range records {
		_, err := d.decoder.Decode(records[i].Data, func(*cloudtrail.Event) error { return nil })
		if err != nil && cloudtrail.ReasonOf(err) == "" {
			return err
		}
	}
	return nil
}

// Standard unpacks and decodes records as a program without straytoken's decoder does at
// first: with the standard library, a new reader a record, into a struct of the fields that
// judgement needs. It judges nothing.
type Standard struct{ Events int }

// Run decodes records of trail files and CloudWatch Logs.
func (s *Standard) Run(records []Record) error {
	for i := range records {
		if err := s.one(records[i].Data); err != nil {
			return fmt.Errorf("decode by the standard library: %w", err)
		}
	}
	return nil
}

func (s *Standard) one(data []byte) error {
	r, err := standard.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	s.Events += len(e.Records)
	for i := range e.LogEvents {
		var one event
		if err := json.Unmarshal([]byte(e.LogEvents[i].Message), &one); err != nil {
			return err
		}
		s.Events++
	}
	return nil
}

type envelope struct {
	Records   []event
	LogEvents []struct{ Message string } `json:"logEvents"`
}

// event has the fields that straytoken reads of an event.
type event struct {
	Version            string    `json:"eventVersion"`
	ID                 string    `json:"eventID"`
	Time               time.Time `json:"eventTime"`
	Source             string    `json:"eventSource"`
	Name               string    `json:"eventName"`
	Region             string    `json:"awsRegion"`
	SourceIPAddress    string    `json:"sourceIPAddress"`
	UserAgent          string    `json:"userAgent"`
	ErrorCode          string    `json:"errorCode"`
	RequestID          string    `json:"requestID"`
	ReadOnly           bool      `json:"readOnly"`
	Type               string    `json:"eventType"`
	RecipientAccountID string    `json:"recipientAccountId"`
	VPCEndpointID      string    `json:"vpcEndpointId"`
	FromConsole        string    `json:"sessionCredentialFromConsole"`
	Identity           struct {
		Type        string `json:"type"`
		PrincipalID string `json:"principalId"`
		ARN         string `json:"arn"`
		AccountID   string `json:"accountId"`
		AccessKeyID string `json:"accessKeyId"`
		UserName    string `json:"userName"`
		InvokedBy   string `json:"invokedBy"`
		Session     struct {
			Issuer struct {
				ARN string `json:"arn"`
			} `json:"sessionIssuer"`
			Attributes struct {
				Created string `json:"creationDate"`
			} `json:"attributes"`
			Delivery string `json:"ec2RoleDelivery"`
		} `json:"sessionContext"`
	} `json:"userIdentity"`
}
