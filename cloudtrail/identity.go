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

// str returns the field that holds the string member key of userIdentity, nil
// when there is none.
func (i *Identity) str(key string) *string {
	switch key {
	case "type":
		return &i.Type
	case "principalId":
		return &i.PrincipalID
	case "arn":
		return &i.ARN
	case "accountId":
		return &i.AccountID
	case "accessKeyId":
		return &i.AccessKeyID
	case "userName":
		return &i.UserName
	case "invokedBy":
		return &i.InvokedBy
	case "identityProvider":
		return &i.IdentityProvider
	case "credentialId":
		return &i.CredentialID
	}
	return nil
}

// identity reads userIdentity.
func (c *cursor) identity() (i Identity) {
	var session sessionContext
	c.object(func(key string) {
		if field := i.str(key); field != nil {
			*field = c.str()
			return
		}
		switch key {
		case "sessionContext":
			session = c.session()
		case "onBehalfOf":
			i.OnBehalfOfUserID = c.strIn("userId")
		case "invokedByDelegate":
			i.DelegateAccount = c.strIn("accountId")
		case "inScopeOf":
			i.InScopeOf = c.inScopeOf()
		default:
			c.skip()
		}
	})
	i.apply(session)
	return i
}

// apply takes over the session's context. userIdentity's own inScopeOf goes first.
func (i *Identity) apply(s sessionContext) {
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

func (c *cursor) session() (s sessionContext) {
	s.present = c.peek() == '{'
	c.object(func(key string) {
		switch key {
		case "sessionIssuer":
			s.issuer = c.issuer()
		case "attributes":
			s.attributes = c.attributes()
		case "ec2RoleDelivery":
			s.roleDelivery = c.str()
		case "sourceIdentity":
			s.sourceIdentity = c.str()
		case "signInSessionArn":
			s.signInSessionARN = c.str()
		case "assumedRoot":
			s.assumedRoot = c.flag()
		case "webIdFederationData":
			s.webIDFederation = c.strIn("federatedProvider")
		case "inScopeOf":
			s.inScopeOf = c.inScopeOf()
		default:
			c.skip()
		}
	})
	return s
}

func (c *cursor) attributes() (a attributes) {
	c.object(func(key string) {
		switch key {
		case "creationDate":
			a.creationDate = c.str()
		case "mfaAuthenticated":
			a.mfa = c.flag()
		default:
			c.skip()
		}
	})
	return a
}

func (c *cursor) issuer() (i SessionIssuer) {
	c.object(func(key string) {
		switch key {
		case "type":
			i.Type = c.str()
		case "principalId":
			i.PrincipalID = c.str()
		case "arn":
			i.ARN = c.str()
		case "accountId":
			i.AccountID = c.str()
		case "userName":
			i.UserName = c.str()
		default:
			c.skip()
		}
	})
	return i
}

func (c *cursor) inScopeOf() (s InScopeOf) {
	c.object(func(key string) {
		switch key {
		case "issuerType":
			s.IssuerType = c.str()
		case "credentialsIssuedTo":
			s.CredentialsIssuedTo = c.str()
		case "sourceArn":
			s.SourceARN = c.str()
		case "sourceAccount":
			s.SourceAccount = c.str()
		default:
			c.skip()
		}
	})
	return s
}

// strIn reads the string member name of the object that comes next.
func (c *cursor) strIn(name string) (s string) {
	c.object(func(key string) {
		if key == name {
			s = c.str()
		} else {
			c.skip()
		}
	})
	return s
}
