package cloudtrail

import "time"

// identity reads userIdentity.
func (c *cursor) identity(i *Identity) {
	*i = Identity{}
	var ofSession InScopeOf
	for n := c.first(inIdentity); n != noName; n = c.next(inIdentity, n) {
		switch n {
		case nameType:
			i.Type = c.str()
		case namePrincipalID:
			i.PrincipalID = c.str()
		case nameARN:
			i.ARN = c.str()
		case nameAccountID:
			i.AccountID = c.str()
		case nameAccessKeyID:
			i.AccessKeyID = c.str()
		case nameUserName:
			i.UserName = c.str()
		case nameInvokedBy:
			i.InvokedBy = c.str()
		case nameIdentityProvider:
			i.IdentityProvider = c.str()
		case nameCredentialID:
			i.CredentialID = c.str()
		case nameSessionContext:
			ofSession = c.session(i)
		case nameOnBehalfOf:
			i.OnBehalfOfUserID = c.strIn(inOnBehalfOf, nameUserID)
		case nameInvokedByDelegate:
			i.DelegateAccount = c.strIn(inDelegate, nameAccountID)
		case nameInScopeOf:
			i.InScopeOf = c.inScopeOf()
		default:
			c.skip()
		}
	}
	if i.InScopeOf == (InScopeOf{}) {
		i.InScopeOf = ofSession // userIdentity's own goes first
	}
}

// session reads sessionContext into i, but for its inScopeOf, which it returns.
func (c *cursor) session(i *Identity) (scope InScopeOf) {
	if i.HasSession {
		i.forgetSession()
	}
	i.HasSession = c.peek() == '{'
	for n := c.first(inSession); n != noName; n = c.next(inSession, n) {
		switch n {
		case nameSessionIssuer:
			i.Issuer = c.issuer()
		case nameAttributes:
			c.attributes(i)
		case nameEC2RoleDelivery:
			i.RoleDelivery = c.str()
		case nameSourceIdentity:
			i.SourceIdentity = c.str()
		case nameSignInSessionARN:
			i.SignInSessionARN = c.str()
		case nameAssumedRoot:
			i.AssumedRoot = c.flag()
		case nameWebIDFederationData:
			i.WebIDFederation = c.strIn(inWebID, nameFederatedProvider)
		case nameInScopeOf:
			scope = c.inScopeOf()
		default:
			c.skip()
		}
	}
	return scope
}

// forgetSession clears what an earlier sessionContext said: the last one counts.
func (i *Identity) forgetSession() {
	i.Issuer, i.CreationDate, i.MFA = SessionIssuer{}, time.Time{}, false
	i.RoleDelivery, i.SourceIdentity, i.SignInSessionARN = "", "", ""
	i.AssumedRoot, i.WebIDFederation = false, ""
}

func (c *cursor) attributes(i *Identity) {
	i.CreationDate, i.MFA = time.Time{}, false
	for n := c.first(inAttributes); n != noName; n = c.next(inAttributes, n) {
		switch n {
		case nameCreationDate:
			i.CreationDate, _ = parseTime(c.str())
		case nameMFAAuthenticated:
			i.MFA = c.flag()
		default:
			c.skip()
		}
	}
}

func (c *cursor) issuer() (i SessionIssuer) {
	for n := c.first(inIssuer); n != noName; n = c.next(inIssuer, n) {
		switch n {
		case nameType:
			i.Type = c.str()
		case namePrincipalID:
			i.PrincipalID = c.str()
		case nameARN:
			i.ARN = c.str()
		case nameAccountID:
			i.AccountID = c.str()
		case nameUserName:
			i.UserName = c.str()
		default:
			c.skip()
		}
	}
	return i
}

func (c *cursor) inScopeOf() (s InScopeOf) {
	for n := c.first(inScope); n != noName; n = c.next(inScope, n) {
		switch n {
		case nameIssuerType:
			s.IssuerType = c.str()
		case nameCredentialsIssuedTo:
			s.CredentialsIssuedTo = c.str()
		case nameSourceARN:
			s.SourceARN = c.str()
		case nameSourceAccount:
			s.SourceAccount = c.str()
		default:
			c.skip()
		}
	}
	return s
}

// strIn reads the string member wanted of the object that comes next.
func (c *cursor) strIn(in kind, wanted name) (s string) {
	for n := c.first(in); n != noName; n = c.next(in, n) {
		if n == wanted {
			s = c.str()
		} else {
			c.skip()
		}
	}
	return s
}
