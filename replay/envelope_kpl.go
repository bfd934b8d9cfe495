package replay

import (
	"crypto/md5" // the format demands it
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of the Kinesis Producer Library's aggregation format
// (awslabs/amazon-kinesis-producer, aggregation-format.md).
const (
	aggregateKeys    = 1 // AggregatedRecord.partition_key_table
	aggregateRecords = 3 // AggregatedRecord.records
	recordKeyIndex   = 1 // Record.partition_key_index
	recordData       = 3 // Record.data
)

// aggregate packs bare events as the Kinesis Producer Library does: a magic
// number, a protobuf message with a table of partition keys, and its MD5.
func aggregate(events []Source) []byte {
	var keys []string
	var records []byte
	for _, e := range events {
		index := slices.Index(keys, e.PartitionKey)
		if index < 0 {
			index = len(keys)
			keys = append(keys, e.PartitionKey)
		}
		records = appendBytes(records, aggregateRecords, userRecord(index, e.JSON))
	}
	var message []byte
	for _, k := range keys {
		message = appendBytes(message, aggregateKeys, []byte(k))
	}
	message = append(message, records...)
	sum := md5.Sum(message)
	return slices.Concat([]byte{0xf3, 0x89, 0x9a, 0xc2}, message, sum[:])
}

func userRecord(keyIndex int, data []byte) []byte {
	b := protowire.AppendTag(nil, recordKeyIndex, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(keyIndex))
	return appendBytes(b, recordData, data)
}

func appendBytes(b []byte, field protowire.Number, data []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), data)
}
