package rules

import (
	"math"
	"regexp"
	"strings"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Kind is what sort of holder a credential was issued to. It decides how far a
// session may wander before that means anything.
type Kind string

const (
	EC2         Kind = "ec2"          // instance profile or instance-identity role
	ECS         Kind = "ecs"          // ECS or Fargate task
	Pod         Kind = "pod"          // EKS pod identity
	Lambda      Kind = "lambda"       // Lambda execution environment
	Managed     Kind = "managed"      // CodeBuild, Glue, SageMaker and their like
	Hybrid      Kind = "hybrid"       // SSM hybrid node, Roles Anywhere
	WebIdentity Kind = "web-identity" // OIDC: IRSA, CI systems
	Role        Kind = "role"         // assumed by a user or another role
	Federated   Kind = "federated"    // GetFederationToken
	STSUser     Kind = "sts-user"     // GetSessionToken
	Human       Kind = "human"        // Identity Center, SAML
	Console     Kind = "console"      // AWS console sign-in
	Cognito     Kind = "cognito"      // Cognito identity pool
	ServiceRole Kind = "service"      // service-linked role
	RootSession Kind = "root"         // AssumeRoot
	LongTerm    Kind = "long-term"    // user or root access key; not a session, judged by lineage alone
)

// Compute tells whether the holder is a machine that stays where it is.
func (k Kind) Compute() bool { return k == EC2 || k == ECS || k == Pod || k == Lambda }

// perPrincipal tells whether all keys of the principal session belong to one
// machine, so that the lock is on the session and not on the key.
func (k Kind) perPrincipal() bool { return k == EC2 || k == ECS || k == Pod || k == Hybrid }

// person tells whether somebody's own hands hold the credential.
func (k Kind) person() bool { return k == Human || k == Console || k == STSUser }

// shapes are the session names that AWS services give, most telling first. Most names
// are told apart by their beginning and length already.
var shapes = []struct {
	prefix      string // in lower case
	least, most int    // length in bytes
	name        *regexp.Regexp
	kind        Kind
}{
	{"i-", 10, 19, regexp.MustCompile(`(?i)^i-[0-9a-f]{8,17}$`), EC2},
	{"mi-", 20, 20, regexp.MustCompile(`^mi-[0-9a-f]{17}$`), Hybrid},
	{"", 32, 32, regexp.MustCompile(`^[0-9a-f]{32}$`), ECS},
	{"", 36, 36, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`), ECS},
	{"eks-", 15, math.MaxInt, regexp.MustCompile(`^eks-.+-[0-9a-f]{8}-`), Pod},
	{"awscodebuild-", 0, math.MaxInt, regexp.MustCompile(`^AWSCodeBuild-`), Managed},
	{"gluejobrunnersession", 20, 20, regexp.MustCompile(`^GlueJobRunnerSession$`), Managed},
	{"sagemaker", 9, 9, regexp.MustCompile(`^SageMaker$`), Managed},
	{"awscloudformation", 17, 17, regexp.MustCompile(`^AWSCloudFormation$`), Managed},
	{"cognitoidentitycredentials", 26, 26, regexp.MustCompile(`^CognitoIdentityCredentials$`), Cognito},
	{"awslambda_", 12, math.MaxInt, regexp.MustCompile(`^awslambda_\d+_`), Lambda},
}

// kindOfName is the kind of the session names that a service gives, "" for other names.
func kindOfName(name string) Kind {
	for i := range shapes {
		s := &shapes[i]
		if len(name) >= max(s.least, len(s.prefix)) && len(name) <= s.most && strings.EqualFold(name[:len(s.prefix)], s.prefix) && s.name.MatchString(name) {
			return s.kind
		}
	}
	return ""
}

// statedKind is what AWS itself says in the identity and no caller can choose;
// "" when it says nothing.
func statedKind(id *cloudtrail.Identity) Kind {
	switch id.InScopeOf.IssuerType {
	case "AWS::EC2::Instance":
		return EC2
	case "AWS::Lambda::Function":
		return Lambda
	case "AWS::ECS::Task", "AWS::ECS::TaskDefinition":
		return ECS
	}
	switch {
	case id.RoleDelivery != "" || strings.Contains(id.PrincipalID, ":aws:ec2-instance:"):
		return EC2
	case id.AssumedRoot:
		return RootSession
	case id.Type == "FederatedUser":
		return Federated
	case strings.Contains(id.Issuer.ARN, ":role/aws-service-role/"):
		return ServiceRole
	case strings.Contains(id.Issuer.ARN, ":role/aws-reserved/sso.amazonaws.com/"):
		return Human
	}
	return ""
}

// shapedKind is what the session's name suggests. Whoever assumes a role chooses
// the name, so an issuance record outweighs it.
func shapedKind(e *cloudtrail.Event, name string) Kind {
	if e.SessionFromConsole {
		return Console
	}
	if e.Identity.Type == "IAMUser" || e.Identity.Type == "Root" {
		return STSUser
	}
	if kind := kindOfName(name); kind != "" {
		return kind
	}
	if strings.Contains(e.UserAgent, "exec-env/AWS_Lambda_") || strings.HasPrefix(e.UserAgent, "awslambda-worker") {
		return Lambda
	}
	return Role
}

// issuedKind is what an issuance record says of the key: which service asked for
// it, or that a person or program did.
func issuedKind(call, service string) Kind {
	switch call {
	case "AssumeRoleWithWebIdentity":
		if strings.HasPrefix(service, "cognito-identity") {
			return Cognito
		}
		return WebIdentity
	case "AssumeRoleWithSAML":
		return Human
	case "GetSessionToken":
		return STSUser
	case "GetFederationToken":
		return Federated
	case "AssumeRoot":
		return RootSession
	case "CreateSession":
		return Hybrid
	}
	return serviceKind(service)
}

func serviceKind(service string) Kind {
	switch service {
	case "":
		return Role
	case "ec2.amazonaws.com":
		return EC2
	case "lambda.amazonaws.com":
		return Lambda
	case "ecs-tasks.amazonaws.com", "ecs.amazonaws.com":
		return ECS
	case "pods.eks.amazonaws.com":
		return Pod
	}
	return Managed
}
