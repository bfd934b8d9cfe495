package kinesis_test

import (
	"crypto/md5"
	"math/big"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"google.golang.org/protobuf/encoding/protowire"
)

// neighbours returns two shards of which the second begins where the first ends.
func neighbours(shards []types.Shard) (a, b types.Shard) {
	for _, a := range shards {
		for _, b := range shards {
			if next(*a.HashKeyRange.EndingHashKey) == *b.HashKeyRange.StartingHashKey {
				return a, b
			}
		}
	}
	panic("no two shards are neighbours")
}

// putData puts one record of the given bytes.
func (w *world) putData(data []byte) {
	w.t.Helper()
	_, err := w.stack.Kinesis().PutRecord(w.t.Context(), &sdk.PutRecordInput{StreamName: &w.stream,
		PartitionKey: aws.String("a"), Data: data})
	if err != nil {
		w.t.Fatal(err)
	}
}

// leaseExists reports whether the lease table does.
func (w *world) leaseExists() bool {
	_, err := w.stack.DynamoDB().DescribeTable(w.t.Context(), &dynamodb.DescribeTableInput{TableName: &w.table})
	return err == nil
}

// poisonRecords are records that the KCL's own de-aggregation drops a batch for, ends the process for, or changes.
func poisonRecords(t *testing.T) [][]byte {
	t.Helper()
	one := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7) // partition key 7 of 1
	one = protowire.AppendBytes(protowire.AppendTag(one, 3, protowire.BytesType), []byte("x"))
	index := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "a")
	index = protowire.AppendBytes(protowire.AppendTag(index, 3, protowire.BytesType), one)
	return [][]byte{
		aggregate([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
		aggregate(index),
		aggregate(nil),
		{0xf3, 0x89, 0x9a, 0xc2},
	}
}

// aggregate wraps a body as the Kinesis Producer Library does.
func aggregate(body []byte) []byte {
	sum := md5.Sum(body)
	return append(append([]byte{0xf3, 0x89, 0x9a, 0xc2}, body...), sum[:]...)
}

func next(n string) string {
	a, _ := new(big.Int).SetString(n, 10)
	return a.Add(a, big.NewInt(1)).String()
}

func middle(from, to string) string {
	a, _ := new(big.Int).SetString(from, 10)
	b, _ := new(big.Int).SetString(to, 10)
	return a.Add(a, b).Rsh(a, 1).String()
}
