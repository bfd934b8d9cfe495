package cloudtrail

import "time"

// identity reads userIdentity.
func (c *cursor) identity(id *Identity, i int) int {
	*id = Identity{}
	var ofSession InScopeOf
	n, i := c.first(inIdentity, i)
	for ; n != noName; n, i = c.next(inIdentity, n, i) {
		switch n {
		case nameType:
			id.Type, i = c.str(i)
		case namePrincipalID:
			id.PrincipalID, i = c.str(i)
		case nameARN:
			id.ARN, i = c.str(i)
		case nameAccountID:
			id.AccountID, i = c.str(i)
		case nameAccessKeyID:
			id.AccessKeyID, i = c.str(i)
		case nameUserName:
			id.UserName, i = c.str(i)
		case nameInvokedBy:
			id.InvokedBy, i = c.str(i)
		case nameIdentityProvider:
			id.IdentityProvider, i = c.str(i)
		case nameCredentialID:
			id.CredentialID, i = c.str(i)
		case nameSessionContext:
			ofSession, i = c.session(id, i)
		case nameOnBehalfOf:
			id.OnBehalfOfUserID, i = c.strIn(inOnBehalfOf, nameUserID, i)
		case nameInvokedByDelegate:
			id.DelegateAccount, i = c.strIn(inDelegate, nameAccountID, i)
		case nameInScopeOf:
			id.InScopeOf, i = c.inScopeOf(i)
		default:
			i = c.skip(i)
		}
	}
	if id.InScopeOf == (InScopeOf{}) {
		id.InScopeOf = ofSession // userIdentity's own goes first
	}
	return i
}

// session reads sessionContext into id, but for its inScopeOf, which it returns.
func (c *cursor) session(id *Identity, i int) (scope InScopeOf, next int) {
	if id.HasSession {
		id.forgetSession()
	}
	id.HasSession = c.peekAt(i) == '{'
	n, i := c.first(inSession, i)
	for ; n != noName; n, i = c.next(inSession, n, i) {
		switch n {
		case nameSessionIssuer:
			id.Issuer, i = c.issuer(i)
		case nameAttributes:
			i = c.attributes(id, i)
		case nameEC2RoleDelivery:
			id.RoleDelivery, i = c.str(i)
		case nameSourceIdentity:
			id.SourceIdentity, i = c.str(i)
		case nameSignInSessionARN:
			id.SignInSessionARN, i = c.str(i)
		case nameAssumedRoot:
			id.AssumedRoot, i = c.flag(i)
		case nameWebIDFederationData:
			id.WebIDFederation, i = c.strIn(inWebID, nameFederatedProvider, i)
		case nameInScopeOf:
			scope, i = c.inScopeOf(i)
		default:
			i = c.skip(i)
		}
	}
	return scope, i
}

// forgetSession clears what an earlier sessionContext said: the last one counts.
func (i *Identity) forgetSession() {
	i.Issuer, i.CreationDate, i.MFA = SessionIssuer{}, time.Time{}, false
	i.RoleDelivery, i.SourceIdentity, i.SignInSessionARN = "", "", ""
	i.AssumedRoot, i.WebIDFederation = false, ""
}

func (c *cursor) attributes(id *Identity, i int) int {
	id.CreationDate, id.MFA = time.Time{}, false
	n, i := c.first(inAttributes, i)
	for ; n != noName; n, i = c.next(inAttributes, n, i) {
		switch n {
		case nameCreationDate:
			var date string
			date, i = c.str(i)
			id.CreationDate, _ = parseTime(date)
		case nameMFAAuthenticated:
			id.MFA, i = c.flag(i)
		default:
			i = c.skip(i)
		}
	}
	return i
}

func (c *cursor) issuer(i int) (s SessionIssuer, next int) {
	n, i := c.first(inIssuer, i)
	for ; n != noName; n, i = c.next(inIssuer, n, i) {
		switch n {
		case nameType:
			s.Type, i = c.str(i)
		case namePrincipalID:
			s.PrincipalID, i = c.str(i)
		case nameARN:
			s.ARN, i = c.str(i)
		case nameAccountID:
			s.AccountID, i = c.str(i)
		case nameUserName:
			s.UserName, i = c.str(i)
		default:
			i = c.skip(i)
		}
	}
	return s, i
}

func (c *cursor) inScopeOf(i int) (s InScopeOf, next int) {
	n, i := c.first(inScope, i)
	for ; n != noName; n, i = c.next(inScope, n, i) {
		switch n {
		case nameIssuerType:
			s.IssuerType, i = c.str(i)
		case nameCredentialsIssuedTo:
			s.CredentialsIssuedTo, i = c.str(i)
		case nameSourceARN:
			s.SourceARN, i = c.str(i)
		case nameSourceAccount:
			s.SourceAccount, i = c.str(i)
		default:
			i = c.skip(i)
		}
	}
	return s, i
}

// strIn reads the string member wanted of the object that comes next.
func (c *cursor) strIn(in kind, wanted name, i int) (s string, next int) {
	n, i := c.first(in, i)
	for ; n != noName; n, i = c.next(in, n, i) {
		if n == wanted {
			s, i = c.str(i)
		} else {
			i = c.skip(i)
		}
	}
	return s, i
}
