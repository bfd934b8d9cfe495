// Package cloudtrail turns bytes into CloudTrail events: it recognises every
// envelope in which CloudTrail records travel and decodes the records
// themselves. It knows nothing of streams, state or judgement.
//
// # Envelopes
//
// A [Decoder] looks at content only, never at a name or a setting, and accepts
// these in any mixture and nesting up to [Limits].MaxLayers:
//
//   - a bare event, and a JSON array of anything in this list;
//   - a trail file, {"Records":[…]};
//   - an EventBridge event, {"detail-type":…,"detail":{…}};
//   - a CloudWatch Logs subscription, {"messageType":…,"logEvents":[{"message":"…"}]};
//   - LookupEvents output, {"Events":[{"CloudTrailEvent":"…"}]}, or one element of it;
//   - an SNS notification or SQS message, {"Message":"…"}, {"Body":"…"};
//   - objects one a line (NDJSON), or one after the other as Firehose writes them;
//   - gzip, also of several members; base64, standard or URL, padded or not; a
//     JSON string; a record aggregated by the Kinesis Producer Library.
//
// Digest files, Insight events, aggregated events and CloudWatch Logs control
// messages are recognised, counted and skipped.
//
// # Grammar
//
// JSON is read as RFC 8259 has it, also where nobody looks at the value: a
// record with trailing garbage or an unclosed bracket gives an error, never silence.
// Beyond the RFC: names are compared exactly, of duplicate members the last one
// counts, escaped names are seen, and invalid UTF-8 in a string reads as U+FFFD.
// A member of an unexpected type reads as absent and loses no event.
//
// Events are yielded as they are met. So a list of a trail file or subscription is
// decoded before what stands behind it is known: its events come before the error about
// a later fault, of several lists in one object all are decoded, and an object that
// turns out to be an event as well is yielded after them.
package cloudtrail
