// Package processor carries records to findings: it decodes them, absorbs the
// facts of their events, lets the rules judge the sessions that new facts touch,
// and hands findings to the sink. A batch is done, and may be checkpointed, when
// every fact is in the store, every finding is with the sink and every record
// that could not be processed is with the dead-letter sink.
package processor
