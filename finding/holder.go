package finding

import "strings"

// holder is the IAM principal whose policies decide what a session may do: the
// thing that a containment policy is attached to. The zero value is a principal
// that the log does not name.
type holder struct {
	kind      holderKind
	partition string // "aws", "aws-cn", "aws-us-gov"
	account   string
	arn       string // of the role or user, path included where the log has it
	name      string
	reserved  bool // made by Identity Center, which alone may change its policies
}

type holderKind int

const (
	unknownHolder holderKind = iota
	roleHolder
	userHolder
	rootHolder
)

// ssoRolePrefix begins the names of the roles that Identity Center makes.
const ssoRolePrefix = "AWSReservedSSO_"

// holderOf reads the holder from the session's issuer or, failing that, from the
// session's own ARN (which has no role path). A name that IAM would not allow is
// forged or masked and makes the holder unknown.
func holderOf(t Token) holder {
	for _, arn := range []string{t.RoleARN, t.ARN} {
		if h, ok := parseHolder(arn); ok {
			return h
		}
	}
	return holder{partition: partitionOf(t), account: t.AccountID}
}

func parseHolder(arn string) (holder, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !plain(arn) {
		return holder{}, false
	}
	h := holder{partition: parts[1], account: parts[4], arn: arn}
	class, path, _ := strings.Cut(parts[5], "/")
	switch parts[2] + " " + class {
	case "iam role":
		h.kind, h.name = roleHolder, lastSegment(path)
	case "sts assumed-role":
		h.kind = roleHolder
		h.name, _, _ = strings.Cut(path, "/")
		h.arn = "arn:" + h.partition + ":iam::" + h.account + ":role/" + h.name
	case "iam user":
		h.kind, h.name = userHolder, lastSegment(path)
	case "iam root":
		h.kind, h.name = rootHolder, "root"
	}
	h.reserved = strings.HasPrefix(h.name, ssoRolePrefix)
	// "aws:ec2-instance" is the instance-identity role: nothing attaches to it.
	return h, h.kind != unknownHolder && h.name != "" && !strings.Contains(h.name, ":")
}

// partitionOf is the partition of any ARN that the token has, or "aws".
func partitionOf(t Token) string {
	for _, arn := range []string{t.RoleARN, t.ARN, t.Resource} {
		if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 && parts[0] == "arn" && plain(parts[1]) && parts[1] != "" {
			return parts[1]
		}
	}
	return "aws"
}

// plain tells whether s holds only what IAM allows in names and ARNs, so that it
// can stand in a command line and in a policy, where * and ${ have a meaning.
func plain(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@:/-"
	return strings.Trim(s, allowed) == "" && len(s) <= 2048
}

func lastSegment(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}
