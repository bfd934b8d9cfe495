package kinesis

import (
	"context"
	"errors"

	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/checkpoint"
	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/partition"
)

// checkpointer is the library's view of the leases. The library calls GetLease from its event loop only, for shards
// that it holds not to own: its own renewal is switched off, because one failed renewal would end the shard.
type checkpointer struct {
	ctx    context.Context // of the run: the library passes none
	leases *leases
}

var _ checkpoint.Checkpointer = checkpointer{}

// Init has nothing to do: the table is ready before the library starts.
func (c checkpointer) Init() error { return nil }

// FetchCheckpoint tells where a shard stands. The library also asks for the parent of a shard and waits until it has
// ended; a parent that the stream no longer has must not be waited for.
func (c checkpointer) FetchCheckpoint(s *partition.ShardStatus) error {
	saved := c.leases.checkpointOf(s.ID)
	if !c.leases.shards.has(s.ID) {
		saved = ""
	}
	s.SetCheckpoint(saved)
	if saved == "" {
		return checkpoint.ErrSequenceIDNotFound
	}
	return nil
}

// GetLease acquires the lease of a shard if this worker may have it.
func (c checkpointer) GetLease(s *partition.ShardStatus, owner string) error {
	l, err := c.leases.acquire(c.ctx, s.ID)
	if err != nil {
		return err
	}
	if l == nil {
		return checkpoint.ErrLeaseNotAcquired{}
	}
	s.SetCheckpoint(l.checkpointed())
	s.SetLeaseOwner(owner)
	return nil
}

// CheckpointSequence makes the checkpoint that the library has set in s durable.
func (c checkpointer) CheckpointSequence(s *partition.ShardStatus) error {
	l := c.leases.get(s.ID)
	if l == nil {
		return errLeaseEnded
	}
	return l.checkpoint(s.GetCheckpoint())
}

// RemoveLeaseOwner is called at the end of every shard consumer, whatever the reason.
func (c checkpointer) RemoveLeaseOwner(shard string) error {
	return c.leases.release(context.WithoutCancel(c.ctx), shard)
}

// RemoveLeaseInfo does nothing: the library calls it for every shard that one listing omits. See leases.sweep.
func (c checkpointer) RemoveLeaseInfo(string) error { return nil }

// GetLeaseOwner is not called by the library.
func (c checkpointer) GetLeaseOwner(string) (string, error) {
	return "", checkpoint.ErrShardNotAssigned
}

// ListActiveWorkers and ClaimShard belong to the library's lease stealing, which is never enabled.
func (c checkpointer) ListActiveWorkers(map[string]*partition.ShardStatus) (map[string][]*partition.ShardStatus, error) {
	return nil, errors.ErrUnsupported
}

// ClaimShard is not supported; see ListActiveWorkers.
func (c checkpointer) ClaimShard(*partition.ShardStatus, string) error { return errors.ErrUnsupported }
