package inventory

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// sessionName names straytoken's own sessions in the accounts' trails.
const sessionName = "straytoken-inventory"

// Assumer is an Opener that assumes a role in each account.
type Assumer struct {
	cfg aws.Config
	sts stscreds.AssumeRoleAPIClient

	mu          sync.Mutex // guards what follows
	credentials map[string]aws.CredentialsProvider
}

// NewAssumer makes an Assumer that works with its own credentials' configuration.
func NewAssumer(cfg aws.Config, sts stscreds.AssumeRoleAPIClient) *Assumer {
	return &Assumer{cfg: cfg, sts: sts, credentials: map[string]aws.CredentialsProvider{}}
}

// Open gives EC2 of a region with an account's credentials, which are had at once,
// so that a role that cannot be assumed is known as such.
func (a *Assumer) Open(ctx context.Context, account Account, region string) (EC2, error) {
	cfg := a.cfg.Copy()
	cfg.Region = region
	if account.RoleARN != "" {
		cfg.Credentials = a.provider(account)
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
			return nil, fmt.Errorf("assume %s: %w", account.RoleARN, err)
		}
	}
	return ec2.NewFromConfig(cfg), nil
}

// provider is the account's credentials, shared by its regions.
func (a *Assumer) provider(account Account) aws.CredentialsProvider {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := account.RoleARN + " " + account.ExternalID
	if a.credentials[key] == nil {
		a.credentials[key] = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(a.sts, account.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName
			if account.ExternalID != "" {
				o.ExternalID = &account.ExternalID
			}
		}))
	}
	return a.credentials[key]
}

// RoleARN is the role of a name in an account, in the partition of a region.
func RoleARN(account, name, region string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", partition, account, strings.TrimPrefix(name, "/"))
}
