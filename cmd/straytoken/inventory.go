package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/inventory"
)

// inventoryOptions are the flags of inventory.
type inventoryOptions struct {
	configPath, out string
	every           time.Duration
	aws             awsFlags
}

func newInventory() *cobra.Command {
	o := &inventoryOptions{}
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Read from EC2 which addresses and VPC endpoints are ours, and since when",
		Long: `Read Elastic IPs, NAT gateways, network interfaces, IPv6 subnets and VPC endpoints of
the accounts and regions that the configuration names, and add them to a file that
scan and run judge by. An account that cannot be read is reported and noted as
incomplete in the file; the others go on.`,
		Example: "  straytoken inventory --config straytoken.yaml --out inventory.jsonl\n  straytoken inventory --config straytoken.yaml --every 10m",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.configPath, "config", "", "configuration file")
	f.StringVar(&o.out, "out", "", "file to keep the inventory in (default: inventory.file of the configuration, or "+config.DefaultInventoryFile+")")
	f.DurationVar(&o.every, "every", 0, "read again this often (default: inventory.every of the configuration, or once)")
	f.StringVar(&o.aws.region, "region", "", "AWS region to work from (default: AWS_REGION or the profile's)")
	f.StringVar(&o.aws.profile, "profile", "", "AWS profile (default: AWS_PROFILE)")
	return cmd
}

// run reads once, or until the context ends.
func (o *inventoryOptions) run(ctx context.Context) error {
	c, err := o.settings()
	if err != nil {
		return err
	}
	cfg, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	job := &inventoryJob{
		path: c.Inventory.File, retention: c.Inventory.Retention.Duration, accounts: accounts(&c.Inventory, cfg.Region),
		reader: inventory.Reader{Opener: inventory.NewAssumer(cfg, sts.NewFromConfig(cfg))},
	}
	if every := c.Inventory.Every.Duration; every > 0 {
		return job.repeat(ctx, every)
	}
	return job.once(ctx)
}

// settings is the configuration with the flags on top.
func (o *inventoryOptions) settings() (*config.Config, error) {
	c, err := loadConfig(o.configPath)
	if err != nil {
		return nil, err
	}
	if len(c.Inventory.Accounts) == 0 {
		return nil, usageError("inventory needs accounts to read: inventory.accounts in --config FILE")
	}
	if o.every < 0 || o.every > 0 && o.every < time.Minute {
		return nil, usageError("--every is %s: want at least 1m", o.every)
	}
	if o.every > 0 {
		c.Inventory.Every.Duration = o.every
	}
	if o.out != "" {
		c.Inventory.File = o.out
	}
	if c.Inventory.File == "" {
		c.Inventory.File = config.DefaultInventoryFile
	}
	return c, nil
}

// accounts completes the accounts that the configuration names.
func accounts(i *config.Inventory, region string) []inventory.Account {
	defaults := i.Regions
	if len(defaults) == 0 {
		defaults = []string{region}
	}
	var out []inventory.Account
	for _, a := range i.Accounts {
		account := inventory.Account{ID: a.Account(), RoleARN: a.RoleARN, ExternalID: a.ExternalID, Regions: a.Regions}
		if len(account.Regions) == 0 {
			account.Regions = defaults
		}
		if account.RoleARN == "" && i.RoleName != "" {
			account.RoleARN = inventory.RoleARN(account.ID, i.RoleName, account.Regions[0])
		}
		out = append(out, account)
	}
	return out
}

// inventoryJob reads accounts into a file.
type inventoryJob struct {
	path      string
	retention time.Duration
	accounts  []inventory.Account
	reader    inventory.Reader
}

// repeat reads again and again; what fails may succeed the next time.
func (j *inventoryJob) repeat(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := j.once(ctx); err != nil && ctx.Err() == nil {
			say("straytoken: %s", oneLine(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// errNothingRead ends a reading in which every account failed, with nothing to show.
var errNothingRead = errors.New("nothing could be read; see above")

// once reads everything once. What cannot be read is said and noted as a gap.
func (j *inventoryJob) once(ctx context.Context) error {
	readings := j.reader.Read(ctx, j.accounts, time.Now())
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	incomplete, found := 0, 0
	for _, r := range readings {
		found += len(r.Holdings)
		if r.Err != nil {
			incomplete++
			say("straytoken: account %s, %s: not all could be read: %s", r.Account, r.Region, oneLine(r.Err))
		}
	}
	merged, err := inventory.Update(j.path, readings, inventory.MergeOptions{Now: time.Now(), Retention: j.retention})
	if err != nil {
		return err
	}
	say("straytoken: %d accounts and regions read, %d of them not completely: %d addresses and endpoints now, %d lines in %s", len(readings), incomplete, found, len(merged), j.path)
	if incomplete == len(readings) && found == 0 {
		return errNothingRead
	}
	return nil
}
