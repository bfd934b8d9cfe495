package finding

// headline is the finding in one sentence: whose token, first used from where,
// now used from where.
func headline(f *Finding) string {
	what := or(prefixed("token ", word(f.Token.AccessKeyID)), "a token of the session")
	return subject(f.Token) + ": " + what + " " + movement(f) + "."
}

// movement says from where to where the token went.
func movement(f *Finding) string {
	first, now := place(f.FirstSeen), place(f.Observed)
	switch {
	case first != "" && now != "":
		return "was first used from " + first + " and is now used from " + now
	case now != "" && f.Custom:
		return "is used from " + now
	case now != "":
		return "is used from " + now + ", and its rightful holder was never seen using it"
	case first != "":
		return "was first used from " + first
	}
	return "is used from where it does not belong"
}

// place is the address of a use with its endpoint, empty where neither is known.
func place(o *Observation) string {
	if o == nil {
		return ""
	}
	return addressText(o.Address, o.VPCEndpointID)
}

func addressText(address, endpoint string) string {
	address, endpoint = word(address), word(endpoint)
	return joined(" ", address, prefixed("through ", endpoint))
}

// subject names whose credentials they are: kind, name, role, account.
func subject(t Token) string {
	noun, name := kindNoun(t.Kind), or(resourceName(t.Resource), t.SessionName)
	who := joined(" ", noun, word(name))
	holder := ""
	switch h := holderOf(t); h.kind {
	case roleHolder:
		holder = "role " + word(h.name)
	case userHolder:
		holder = "user " + word(h.name)
	}
	about := joined(", ", holder, prefixed("account ", word(t.AccountID)))
	if about == "" {
		return who
	}
	return who + " (" + about + ")"
}

// kindNoun is what people call the holder of credentials of a kind.
func kindNoun(kind string) string {
	switch kind {
	case KindEC2:
		return "EC2 instance"
	case KindECS:
		return "ECS task"
	case KindPod:
		return "EKS pod"
	case KindLambda:
		return "Lambda function"
	case KindWebIdentity:
		return "Web identity session"
	case KindHuman:
		return "User session"
	case KindConsole:
		return "Console session"
	case KindSTSUser:
		return "GetSessionToken session"
	case KindFederated:
		return "Federated session"
	case KindManaged:
		return "Service job"
	case KindHybrid:
		return "Hybrid node"
	case KindRoot:
		return "Root session"
	case KindLongTerm:
		return "Access key"
	}
	return "Role session"
}
