package cloudtrail

// str returns the field that holds the string member key, nil when there is none.
func (e *Event) str(key string) *string {
	switch key {
	case "eventVersion":
		return &e.Version
	case "eventSource":
		return &e.Source
	case "eventName":
		return &e.Name
	case "awsRegion":
		return &e.Region
	case "sourceIPAddress":
		return &e.SourceIPAddress
	case "userAgent":
		return &e.UserAgent
	case "errorCode":
		return &e.ErrorCode
	case "errorMessage":
		return &e.ErrorMessage
	case "eventID":
		return &e.ID
	case "requestID":
		return &e.RequestID
	case "eventType":
		return &e.Type
	case "eventCategory":
		return &e.Category
	case "recipientAccountId":
		return &e.RecipientAccountID
	case "sharedEventID":
		return &e.SharedEventID
	case "vpcEndpointId":
		return &e.VPCEndpointID
	case "vpcEndpointAccountId":
		return &e.VPCEndpointAccountID
	}
	return nil
}

// member reads a member of an event and reports whether it is one.
func (e *Event) member(c *cursor, key string) bool {
	if field := e.str(key); field != nil {
		*field = c.str()
		return true
	}
	switch key {
	case "userIdentity":
		e.Identity = c.identity()
	case "readOnly":
		e.ReadOnly = c.flag()
	case "sessionCredentialFromConsole":
		e.SessionFromConsole = c.flag()
	case "addendum":
		e.Addendum = c.addendum()
	case "tlsDetails":
		e.TLS = c.tls()
	case "requestParameters":
		e.Request = c.raw()
	case "responseElements":
		e.Response = c.raw()
	case "additionalEventData":
		e.Additional = c.raw()
	case "serviceEventDetails":
		e.Service = c.raw()
	default:
		return false
	}
	return true
}

func (c *cursor) addendum() (a Addendum) {
	c.object(func(key string) {
		switch key {
		case "reason":
			a.Reason = c.str()
		case "updatedFields":
			a.UpdatedFields = c.str()
		case "originalRequestID":
			a.OriginalRequestID = c.str()
		case "originalEventID":
			a.OriginalEventID = c.str()
		default:
			c.skip()
		}
	})
	return a
}

func (c *cursor) tls() (t TLSDetails) {
	c.object(func(key string) {
		switch key {
		case "tlsVersion":
			t.Version = c.str()
		case "cipherSuite":
			t.CipherSuite = c.str()
		case "clientProvidedHostHeader":
			t.HostHeader = c.str()
		case "keyExchange":
			t.KeyExchange = c.str()
		default:
			c.skip()
		}
	})
	return t
}
