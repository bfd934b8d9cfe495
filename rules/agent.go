package rules

import (
	"strings"

	"github.com/straytoken/straytoken/state"
)

// agent is what a user agent says of the software and the system behind a call.
// The caller chooses it, so it may raise a suspicion and never lowers one.
type agent struct {
	family  string // "aws-sdk-go-v2", "boto3", "aws-cli", …
	system  string // "linux", "windows", "macos", "attack" or ""
	version string // the family's version, major and minor, and where it says it runs
}

// products are looked for in order: a wrapper (Terraform, the CLI) before the SDK
// that it is built on.
var products = []string{
	"amazon-ssm-agent", "awslambda-worker", "amazon-ecs-agent", "kubelet", "aws-node",
	"Terraform", "Pulumi", "cdk", "ElasticMapReduce", "S3Console", "CloudShell",
	"aws-cli", "Boto3", "Botocore", "aws-sdk-go-v2", "aws-sdk-go", "aws-sdk-java", "aws-sdk-nodejs", "aws-sdk-js",
	"aws-sdk-ruby", "aws-sdk-rust", "aws-sdk-dotnet", "aws-sdk-cpp", "aws-sdk-php", "aws-sdk-kotlin", "aws-sdk-swift",
	"Mozilla", "curl", "Go-http-client", "python-requests",
}

var systems = []struct{ mark, system string }{
	{"kali", "attack"}, {"parrot", "attack"}, {"pentoo", "attack"},
	{"darwin", "macos"}, {"macos", "macos"}, {"mac os x", "macos"},
	{"windows", "windows"}, {"linux", "linux"}, {"amzn", "linux"},
}

func parseAgent(userAgent string) agent {
	text := strings.Trim(userAgent, "[]")
	lower := strings.ToLower(text)
	a := agent{family: firstProduct(text)}
	for _, f := range products {
		if strings.Contains(lower, strings.ToLower(f)) {
			a.family = strings.ToLower(f)
			a.version = versionOf(lower, a.family) + environmentOf(text)
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(lower, s.mark) {
			a.system = s.system
			break
		}
	}
	return a
}

// versionOf is the major and minor version behind a product's name.
func versionOf(text, product string) string {
	_, rest, ok := strings.Cut(text, product+"/")
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(rest)
	}
	numbers := strings.SplitN(rest[:min(end, 20)], ".", 3)
	return strings.Join(numbers[:min(len(numbers), 2)], ".")
}

// environmentMark is between a version and the environment behind it.
const environmentMark = " in "

// environmentOf is the execution environment that an AWS SDK names ("exec-env/AWS_ECS_FARGATE"), from the variable that
// AWS sets on Lambda, ECS and CloudShell; "" without one.
func environmentOf(text string) string {
	_, rest, ok := strings.Cut(text, "exec-env/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, " ")
	return environmentMark + state.Short(name, 40)
}

// firstProduct is the name before the version in the first product token,
// RFC 9110 section 10.1.5.
func firstProduct(text string) string {
	token, _, _ := strings.Cut(text, " ")
	name, _, _ := strings.Cut(token, "/")
	return strings.ToLower(state.Short(name, 40))
}

// platformAgent tells whether the software is one that AWS installs on the
// workload itself.
func (a agent) platformAgent() bool {
	switch a.family {
	case "amazon-ssm-agent", "awslambda-worker", "amazon-ecs-agent", "kubelet", "aws-node":
		return true
	}
	return false
}

// manual tells whether the software is what people work with by hand.
func (a agent) manual() bool {
	switch a.family {
	case "aws-cli", "terraform", "pulumi", "cdk", "mozilla", "s3console", "cloudshell":
		return true
	}
	return a.system == "macos" || a.system == "windows"
}

// plans tells whether the software is one that asks who it is and then looks around as
// a matter of course: it compares what there is with what there should be.
func (a agent) plans() bool {
	return a.family == "terraform" || a.family == "pulumi" || a.family == "cdk"
}

// bare tells whether the software knows nothing of AWS: it can only send requests
// that somebody else signed.
func (a agent) bare() bool {
	switch a.family {
	case "go-http-client", "python-requests", "curl", "okhttp", "java", "apache-httpclient", "node-fetch", "vault":
		return true
	}
	return false
}
