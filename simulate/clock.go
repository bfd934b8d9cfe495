package simulate

import (
	"container/heap"
	"time"
)

// clock runs tasks in the order of their times; tasks of one time in the order
// in which they were asked for.
type clock struct {
	now, end time.Time
	queue    taskQueue
	asked    uint64
}

type task struct {
	at  time.Time
	seq uint64
	run func()
}

// at asks for run at time t; a time gone by means now. What falls after the end is dropped.
func (c *clock) at(t time.Time, run func()) {
	if t.Before(c.now) {
		t = c.now
	}
	if !t.Before(c.end) {
		return
	}
	c.asked++
	heap.Push(&c.queue, task{at: t, seq: c.asked, run: run})
}

// step runs the next task and says whether there was one.
func (c *clock) step() bool {
	if len(c.queue) == 0 {
		return false
	}
	next := heap.Pop(&c.queue).(task)
	c.now = next.at
	next.run()
	return true
}

type taskQueue []task

func (q taskQueue) Len() int      { return len(q) }
func (q taskQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q taskQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}

func (q *taskQueue) Push(x any) { *q = append(*q, x.(task)) }

func (q *taskQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = task{} // let the closure go
	*q = old[:len(old)-1]
	return last
}
