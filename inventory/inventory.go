// Package inventory reads from EC2 what is ours: Elastic IPs, NAT gateways, network
// interfaces, IPv6 subnets and VPC endpoints of many accounts and regions. It keeps
// since when and until when each was, in a file that network.Timeline answers from.
//
// The role that it assumes in each account needs, on all resources:
//
//	ec2:DescribeAddresses
//	ec2:DescribeNatGateways
//	ec2:DescribeNetworkInterfaces
//	ec2:DescribeRouteTables
//	ec2:DescribeSubnets
//	ec2:DescribeVpcEndpoints
//
// and straytoken's own role needs sts:AssumeRole on those roles.
//
// What cannot be read is recorded as unread, so that nobody concludes that an
// address is not ours from its absence.
package inventory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/straytoken/straytoken/network"
)

// Account is one account to read.
type Account struct {
	ID         string
	RoleARN    string // role to assume; empty: the credentials are the account's own
	ExternalID string // empty: none
	Regions    []string
}

// Opener gives access to EC2 in one account and region.
type Opener interface {
	Open(ctx context.Context, account Account, region string) (EC2, error)
}

// Reader reads accounts.
type Reader struct {
	Opener Opener
	// Parallel bounds how many regions are read at once; 0 means 8.
	Parallel int
	// Rate is how many calls a second are made in one account and region; 0 means 5.
	// EC2 allows some 20, which it shares among all who call in the account.
	Rate float64
}

// Reading is what was read of one account and region.
type Reading struct {
	Account, Region string
	At              time.Time // when it was begun
	Holdings        []network.Holding
	// Err is what kept it from being complete; then Holdings are only a part.
	Err error
}

// Read reads all regions of all accounts. What fails fails for one region alone, and
// is in its Reading.
func (r *Reader) Read(ctx context.Context, accounts []Account, at time.Time) []Reading {
	var g errgroup.Group
	g.SetLimit(cmp.Or(r.Parallel, 8))
	var mu sync.Mutex
	var out []Reading
	for _, account := range accounts {
		for _, region := range account.Regions {
			g.Go(func() error {
				reading := r.region(ctx, account, region, at)
				mu.Lock()
				defer mu.Unlock()
				out = append(out, reading)
				return nil
			})
		}
	}
	_ = g.Wait() // a region's error is in its Reading
	slices.SortFunc(out, func(a, b Reading) int { return compareText(a.Account, b.Account, a.Region, b.Region) })
	return out
}

func (r *Reader) region(ctx context.Context, account Account, region string, at time.Time) Reading {
	out := Reading{Account: account.ID, Region: region, At: at.UTC()}
	api, err := r.Opener.Open(ctx, account, region)
	if err != nil {
		out.Err = err
		return out
	}
	limit := rate.NewLimiter(rate.Limit(cmp.Or(r.Rate, 5)), 5)
	d := describer{api: api, limit: limit, account: account.ID, region: region}
	out.Err = d.all(ctx)
	out.Holdings = d.holdings
	return out
}
