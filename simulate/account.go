package simulate

import "fmt"

// account is one AWS account: its people, its networks and what its workloads
// work on.
type account struct {
	id       string
	modern   bool // its records have the fields of 2025 and later
	office   []string
	operator *user // builds and changes the infrastructure, with Terraform and a long-term key
	ids      actor // draws ids that belong to the account as a whole
	buckets  []string
	tables   []string
	queues   []string
	secrets  []string
	keys     []string // KMS key ids
	vpcs     int
}

const terraform = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) " +
	"terraform-provider-aws/5.94.1 (+https://registry.terraform.io/providers/hashicorp/aws) " +
	"aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.7 md/GOOS#linux md/GOARCH#amd64"

func (w *world) newAccount(number int) *account {
	rng := source(w.cfg.Seed, fmt.Sprintf("account/%d", number))
	acct := &account{id: accountID(rng), modern: number%2 == 0}
	acct.ids = actor{w: w, rng: rng, acct: acct, region: w.cfg.Regions[0]}
	acct.office = w.addresses.office.takeBlock(3)
	acct.operator = acct.ids.newUser("infra-deploy")
	for i := range 6 {
		acct.buckets = append(acct.buckets, fmt.Sprintf("acme-%s-%d-%s", pick(&acct.ids, []string{"assets", "exports", "uploads", "logs"}), i, hexDigits(rng, 6)))
		acct.tables = append(acct.tables, pick(&acct.ids, []string{"orders", "sessions", "inventory", "ledger"})+fmt.Sprintf("-%d", i))
		acct.queues = append(acct.queues, pick(&acct.ids, []string{"jobs", "mail", "billing", "events"})+fmt.Sprintf("-%d", i))
		acct.secrets = append(acct.secrets, "prod/"+pick(&acct.ids, []string{"db", "api", "smtp"})+fmt.Sprintf("/%d-", i)+letters(rng, alphanumeric, 6))
		acct.keys = append(acct.keys, guid(rng))
	}
	return acct
}

// officeAddress is the address under which the account's people in the office appear.
func (acct *account) officeAddress() string { return acct.office[0] }

// change makes an infrastructure change as the account's operator does it: with
// Terraform, from the office.
func (acct *account) change(region string, act action) string {
	return acct.ids.call(acct.operate(region, terraform), act)
}

// operate is the operator as a caller.
func (acct *account) operate(region, agent string) caller {
	return caller{
		id: &acct.operator.identity, from: origin{address: acct.officeAddress()}, agent: agent, region: region, owner: acct,
	}
}

// arn returns the ARN of a regional resource of the account.
func (a *actor) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + a.region + ":" + a.acct.id + ":" + rest
}
