package devstack_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/devstack"
)

func start(t *testing.T) *devstack.Stack {
	t.Helper()
	s, err := devstack.Start(t.Context(), devstack.Options{})
	if errors.Is(err, devstack.ErrNoNode) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStackServesBothAndEndsWithClose(t *testing.T) {
	s := start(t)
	if err := s.CreateStream(t.Context(), "one", 2); err != nil {
		t.Fatal(err)
	}
	name := "one"
	shards, err := s.Kinesis().ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name})
	if err != nil || len(shards.Shards) != 2 {
		t.Fatalf("ListShards = %v, %v; want two shards", shards, err)
	}
	if _, err := s.DynamoDB().ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteStream(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(s.KinesisEndpoint); err == nil {
		t.Error("the Kinesis server answers after Close")
	}
}

func TestStartsAtOnceDoNotDisturbEachOther(t *testing.T) {
	start(t) // skips without Node
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			s, err := devstack.Start(t.Context(), devstack.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	wg.Wait()
}

func TestServersSurviveAClientThatHangsUp(t *testing.T) {
	s := start(t)
	for _, endpoint := range []string{s.KinesisEndpoint, s.DynamoDBEndpoint} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
		time.Sleep(50 * time.Millisecond) // let the server begin
		conn.Close()
	}
	if err := s.CreateStream(t.Context(), "after", 1); err != nil {
		t.Fatal(err)
	}
}

func TestTimestampIteratorOfAnEmptyShardReadsWhatComesLater(t *testing.T) {
	s := start(t)
	if err := s.CreateStream(t.Context(), "empty", 1); err != nil {
		t.Fatal(err)
	}
	stream, shard, key, at := "empty", "shardId-000000000000", "k", time.Now().Add(-time.Hour)
	k := s.Kinesis()
	it, err := k.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shard,
		ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: &at})
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &key, Data: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil || len(got.Records) != 1 {
		t.Fatalf("GetRecords = %v, %v; want one record", got, err)
	}
}

func TestEndOfContextEndsTheServers(t *testing.T) {
	start(t) // skips without Node
	ctx, cancel := context.WithCancel(t.Context())
	s, err := devstack.Start(ctx, devstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := http.Get(s.KinesisEndpoint); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the servers outlive their context")
		}
	}
}

func TestEmbeddedFilesInstallElsewhere(t *testing.T) {
	start(t) // skips without Node
	s, err := devstack.Start(t.Context(), devstack.Options{Dir: t.TempDir()})
	if err != nil {
		if strings.Contains(err.Error(), "network") || strings.Contains(err.Error(), "ENOTFOUND") {
			t.Skipf("skipped: the npm registry cannot be reached: %v", err)
		}
		t.Fatal(err)
	}
	s.Close()
}
