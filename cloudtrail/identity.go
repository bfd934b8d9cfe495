package cloudtrail

// sessionContext is the element of that name, as the cursor reads it.
type sessionContext struct {
	present          bool
	issuer           SessionIssuer
	attributes       attributes
	roleDelivery     string
	sourceIdentity   string
	signInSessionARN string
	assumedRoot      bool
	webIDFederation  string
	inScopeOf        InScopeOf
}

// attributes is sessionContext.attributes.
type attributes struct {
	creationDate string
	mfa          bool
}

// identity reads userIdentity.
func (c *cursor) identity(i *Identity) {
	*i = Identity{}
	var session sessionContext
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
			c.session(&session)
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
	i.apply(&session)
}

// apply takes over the session's context. userIdentity's own inScopeOf goes first.
func (i *Identity) apply(s *sessionContext) {
	i.HasSession = s.present
	i.Issuer = s.issuer
	i.CreationDate, _ = parseTime(s.attributes.creationDate)
	i.MFA = s.attributes.mfa
	i.RoleDelivery = s.roleDelivery
	i.SourceIdentity = s.sourceIdentity
	i.SignInSessionARN = s.signInSessionARN
	i.AssumedRoot = s.assumedRoot
	i.WebIDFederation = s.webIDFederation
	if i.InScopeOf == (InScopeOf{}) {
		i.InScopeOf = s.inScopeOf
	}
}

func (c *cursor) session(s *sessionContext) {
	*s = sessionContext{present: c.peek() == '{'}
	for n := c.first(inSession); n != noName; n = c.next(inSession, n) {
		switch n {
		case nameSessionIssuer:
			s.issuer = c.issuer()
		case nameAttributes:
			s.attributes = c.attributes()
		case nameEC2RoleDelivery:
			s.roleDelivery = c.str()
		case nameSourceIdentity:
			s.sourceIdentity = c.str()
		case nameSignInSessionARN:
			s.signInSessionARN = c.str()
		case nameAssumedRoot:
			s.assumedRoot = c.flag()
		case nameWebIDFederationData:
			s.webIDFederation = c.strIn(inWebID, nameFederatedProvider)
		case nameInScopeOf:
			s.inScopeOf = c.inScopeOf()
		default:
			c.skip()
		}
	}
}

func (c *cursor) attributes() (a attributes) {
	for n := c.first(inAttributes); n != noName; n = c.next(inAttributes, n) {
		switch n {
		case nameCreationDate:
			a.creationDate = c.str()
		case nameMFAAuthenticated:
			a.mfa = c.flag()
		default:
			c.skip()
		}
	}
	return a
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
