package faults

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// All chooses a fault for every call.
func All(fault Fault) Rule { return func(Call) Fault { return fault } }

// On chooses a fault for some operations.
func On(fault Fault, operations ...string) Rule {
	return func(c Call) Fault {
		if slices.Contains(operations, c.Operation) {
			return fault
		}
		return nil
	}
}

// OnShard chooses a fault for the reads of one shard.
func OnShard(fault Fault, shard string) Rule {
	return func(c Call) Fault {
		if c.Shard == shard {
			return fault
		}
		return nil
	}
}

// Share applies a rule to a random share of the calls, between 0 and 1.
func Share(share float64, rule Rule) Rule {
	return func(c Call) Fault {
		if rand.Float64() < share {
			return rule(c)
		}
		return nil
	}
}

// First applies the first of several rules that chooses a fault.
func First(rules ...Rule) Rule {
	return func(c Call) Fault {
		for _, rule := range rules {
			if fault := rule(c); fault != nil {
				return fault
			}
		}
		return nil
	}
}

// shardOf tells which shard a call reads: it is named when an iterator is asked for, and remembered by its iterators.
func (p *Proxy) shardOf(body []byte) string {
	var call struct{ ShardId, ShardIterator string }
	if json.Unmarshal(body, &call) != nil {
		return ""
	}
	if shard, ok := p.shards.Load(call.ShardIterator); ok {
		return shard.(string)
	}
	return call.ShardId
}

// noteIterator remembers the shard of an iterator. The one before it is not used again.
func (p *Proxy) noteIterator(c *Call, text []byte) {
	if c.Shard == "" {
		return
	}
	var call struct{ ShardIterator string }
	var said struct{ ShardIterator, NextShardIterator string }
	if json.Unmarshal(c.Body, &call) != nil || json.Unmarshal(text, &said) != nil {
		return
	}
	if next := said.ShardIterator + said.NextShardIterator; next != "" { // an answer has one of them
		p.shards.Delete(call.ShardIterator)
		p.shards.Store(next, c.Shard)
	}
}
