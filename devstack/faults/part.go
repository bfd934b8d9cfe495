package faults

import "encoding/json"

// object is a JSON object whose parts stay as they were written.
type object = map[string]json.RawMessage

// leaveItems takes every n-th request out of a BatchWriteItem and returns those, by table. One of each table stays:
// the service takes no empty batch.
func leaveItems(call object, n int) any {
	var tables map[string][]json.RawMessage
	if json.Unmarshal(call["RequestItems"], &tables) != nil {
		return nil
	}
	left := map[string][]json.RawMessage{}
	for table, items := range tables {
		kept, out := divide(items, n)
		tables[table] = kept
		if len(out) > 0 {
			left[table] = out
		}
	}
	call["RequestItems"] = encode(tables)
	return left
}

func addUnprocessed(answer object, left any) { answer["UnprocessedItems"] = encode(left) }

// leaveRecords takes every n-th record out of a PutRecords and returns how many there were.
func leaveRecords(call object, n int) any {
	var records []json.RawMessage
	if json.Unmarshal(call["Records"], &records) != nil {
		return division{}
	}
	kept, _ := divide(records, n)
	call["Records"] = encode(kept)
	return division{len(records), n}
}

// division is a list of which every n-th entry, but never the first, was taken out.
type division struct{ entries, n int }

func (d division) out(i int) bool { return i > 0 && i%d.n == 0 }

func divide(all []json.RawMessage, n int) (kept, out []json.RawMessage) {
	d := division{len(all), n}
	for i, one := range all {
		if d.out(i) {
			out = append(out, one)
		} else {
			kept = append(kept, one)
		}
	}
	return kept, out
}

// addThrottled puts the results of the records that were sent, and those of the ones that were not, in their order.
func addThrottled(answer object, left any) {
	d := left.(division)
	var results, all []json.RawMessage
	if json.Unmarshal(answer["Records"], &results) != nil {
		return
	}
	failed := 0
	for i := range d.entries {
		if d.out(i) {
			all = append(all, encode(map[string]string{"ErrorCode": Throttled, "ErrorMessage": "injected"}))
			failed++
			continue
		}
		all, results = append(all, results[0]), results[1:]
	}
	answer["Records"], answer["FailedRecordCount"] = encode(all), encode(failed)
}

// encode is v as JSON.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and what was JSON before always marshal
	}
	return b
}
