package cloudtrail

// member reads the member n of an event or an envelope, or passes one of neither. The
// value is at i; the offset behind it is returned.
func (d *document) member(c *cursor, n name, i int) int {
	e := &d.event
	switch n {
	case nameEventTime:
		d.eventTime, i = c.str(i)
	case nameEventVersion:
		e.Version, i = c.str(i)
	case nameEventSource:
		e.Source, i = c.str(i)
	case nameEventName:
		e.Name, i = c.str(i)
	case nameAwsRegion:
		e.Region, i = c.str(i)
	case nameSourceIPAddress:
		e.SourceIPAddress, i = c.str(i)
	case nameUserAgent:
		e.UserAgent, i = c.str(i)
	case nameErrorCode:
		e.ErrorCode, i = c.str(i)
	case nameErrorMessage:
		e.ErrorMessage, i = c.str(i)
	case nameEventID:
		e.ID, i = c.str(i)
	case nameRequestID:
		e.RequestID, i = c.str(i)
	case nameEventType:
		e.Type, i = c.str(i)
	case nameEventCategory:
		e.Category, i = c.str(i)
	case nameRecipientAccountID:
		e.RecipientAccountID, i = c.str(i)
	case nameSharedEventID:
		e.SharedEventID, i = c.str(i)
	case nameVPCEndpointID:
		e.VPCEndpointID, i = c.str(i)
	case nameVPCEndpointAccountID:
		e.VPCEndpointAccountID, i = c.str(i)
	case nameUserIdentity:
		i = c.identity(&e.Identity, i)
	case nameReadOnly:
		e.ReadOnly, i = c.flag(i)
	case nameSessionCredentialFromConsole:
		e.SessionFromConsole, i = c.flag(i)
	case nameAddendum:
		e.Addendum, i = c.addendum(i)
	case nameTLSDetails:
		e.TLS, i = c.tls(i)
	case nameRequestParameters:
		e.Request, i = c.raw(i)
	case nameResponseElements:
		e.Response, i = c.raw(i)
	case nameAdditionalEventData:
		e.Additional, i = c.raw(i)
	case nameServiceEventDetails:
		e.Service, i = c.raw(i)
	case nameTimestampOfLogstash:
		d.timestamp, i = c.str(i)
		return i
	default:
		return d.wrapping.member(c, n, i)
	}
	d.eventLike = true
	return i
}

func (c *cursor) addendum(i int) (a Addendum, next int) {
	n, i := c.first(inAddendum, i)
	for ; n != noName; n, i = c.next(inAddendum, n, i) {
		switch n {
		case nameReason:
			a.Reason, i = c.str(i)
		case nameUpdatedFields:
			a.UpdatedFields, i = c.str(i)
		case nameOriginalRequestID:
			a.OriginalRequestID, i = c.str(i)
		case nameOriginalEventID:
			a.OriginalEventID, i = c.str(i)
		default:
			i = c.skip(i)
		}
	}
	return a, i
}

func (c *cursor) tls(i int) (t TLSDetails, next int) {
	n, i := c.first(inTLS, i)
	for ; n != noName; n, i = c.next(inTLS, n, i) {
		switch n {
		case nameTLSVersion:
			t.Version, i = c.str(i)
		case nameCipherSuite:
			t.CipherSuite, i = c.str(i)
		case nameClientProvidedHostHeader:
			t.HostHeader, i = c.str(i)
		case nameKeyExchange:
			t.KeyExchange, i = c.str(i)
		default:
			i = c.skip(i)
		}
	}
	return t, i
}
