package cloudtrail

import (
	"bytes"
	"crypto/md5" // the Kinesis Producer Library's checksum, no secret depends on it

	"google.golang.org/protobuf/encoding/protowire"
)

// aggregateMagic begins a record that the Kinesis Producer Library has aggregated:
// magic, a protobuf message AggregatedRecord, the message's MD5
// (awslabs/amazon-kinesis-producer, aggregation-format.md).
const aggregateMagic = "\xf3\x89\x9a\xc2"

// Field numbers of the format.
const (
	aggregatedRecords protowire.Number = 3 // AggregatedRecord.records
	recordData        protowire.Number = 3 // Record.data
)

// aggregate decodes the records of an aggregated record. Partition keys and hash
// keys are not looked at: they cannot be wrong enough to lose a record for.
func (d *Decoder) aggregate(b []byte, layer int) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[EnvelopeAggregate]++
	message, err := aggregateMessage(b)
	if err != nil {
		return err
	}
	// All of the message is checked before any of it is used.
	if err := eachRecord(message, func([]byte) error { return nil }); err != nil {
		return fault(ErrBadAggregate, "%w", err)
	}
	return eachRecord(message, func(data []byte) error {
		return d.report(d.content(data, layer), view(data))
	})
}

func aggregateMessage(b []byte) ([]byte, error) {
	end := len(b) - md5.Size
	if end < len(aggregateMagic) {
		return nil, fault(ErrBadAggregate, "%d bytes", len(b))
	}
	message := b[len(aggregateMagic):end]
	if sum := md5.Sum(message); !bytes.Equal(sum[:], b[end:]) {
		return nil, fault(ErrBadAggregate, "checksum does not match")
	}
	return message, nil
}

// eachRecord calls fn with the data of each record.
func eachRecord(message []byte, fn func(data []byte) error) error {
	return eachField(message, aggregatedRecords, func(record []byte) error {
		var data []byte
		err := eachField(record, recordData, func(b []byte) error {
			data = b
			return nil
		})
		if err != nil {
			return err
		}
		return fn(data)
	})
}

// eachField calls fn with each value of the length-delimited field number.
func eachField(message []byte, number protowire.Number, fn func([]byte) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		length := protowire.ConsumeFieldValue(num, typ, message)
		if length < 0 {
			return protowire.ParseError(length)
		}
		if num == number && typ == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			if err := fn(value); err != nil {
				return err
			}
		}
		message = message[length:]
	}
	return nil
}
