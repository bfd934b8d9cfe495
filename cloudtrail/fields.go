package cloudtrail

// member reads the member n of an event or an envelope, or passes one of neither.
func (d *document) member(c *cursor, n name) {
	e := &d.event
	switch n {
	case nameEventTime:
		d.eventTime = c.str()
	case nameEventVersion:
		e.Version = c.str()
	case nameEventSource:
		e.Source = c.str()
	case nameEventName:
		e.Name = c.str()
	case nameAwsRegion:
		e.Region = c.str()
	case nameSourceIPAddress:
		e.SourceIPAddress = c.str()
	case nameUserAgent:
		e.UserAgent = c.str()
	case nameErrorCode:
		e.ErrorCode = c.str()
	case nameErrorMessage:
		e.ErrorMessage = c.str()
	case nameEventID:
		e.ID = c.str()
	case nameRequestID:
		e.RequestID = c.str()
	case nameEventType:
		e.Type = c.str()
	case nameEventCategory:
		e.Category = c.str()
	case nameRecipientAccountID:
		e.RecipientAccountID = c.str()
	case nameSharedEventID:
		e.SharedEventID = c.str()
	case nameVPCEndpointID:
		e.VPCEndpointID = c.str()
	case nameVPCEndpointAccountID:
		e.VPCEndpointAccountID = c.str()
	case nameUserIdentity:
		c.identity(&e.Identity)
	case nameReadOnly:
		e.ReadOnly = c.flag()
	case nameSessionCredentialFromConsole:
		e.SessionFromConsole = c.flag()
	case nameAddendum:
		e.Addendum = c.addendum()
	case nameTLSDetails:
		e.TLS = c.tls()
	case nameRequestParameters:
		e.Request = c.raw()
	case nameResponseElements:
		e.Response = c.raw()
	case nameAdditionalEventData:
		e.Additional = c.raw()
	case nameServiceEventDetails:
		e.Service = c.raw()
	case nameTimestampOfLogstash:
		d.timestamp = c.str()
		return
	default:
		d.wrapping.member(c, n)
		return
	}
	d.eventLike = true
}

func (c *cursor) addendum() (a Addendum) {
	for n := c.first(inAddendum); n != noName; n = c.next(inAddendum, n) {
		switch n {
		case nameReason:
			a.Reason = c.str()
		case nameUpdatedFields:
			a.UpdatedFields = c.str()
		case nameOriginalRequestID:
			a.OriginalRequestID = c.str()
		case nameOriginalEventID:
			a.OriginalEventID = c.str()
		default:
			c.skip()
		}
	}
	return a
}

func (c *cursor) tls() (t TLSDetails) {
	for n := c.first(inTLS); n != noName; n = c.next(inTLS, n) {
		switch n {
		case nameTLSVersion:
			t.Version = c.str()
		case nameCipherSuite:
			t.CipherSuite = c.str()
		case nameClientProvidedHostHeader:
			t.HostHeader = c.str()
		case nameKeyExchange:
			t.KeyExchange = c.str()
		default:
			c.skip()
		}
	}
	return t
}
