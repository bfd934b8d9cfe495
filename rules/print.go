package rules

import (
	"strings"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Reading is an event on its way to facts: its Print, which costs little, and then, where
// the Print is not known to tell nothing new, its Facts.
type Reading struct {
	Print state.Print

	extractor Extractor
	event     *cloudtrail.Event
	custom    []string // the operator's rules that the event meets
}

// Read makes the Print of an event. The event must not change while the Reading is used.
func (x Extractor) Read(e *cloudtrail.Event) Reading {
	r := Reading{extractor: x, event: e}
	if x.Custom != nil && len(e.Identity.AccessKeyID) >= minKey {
		r.custom = x.Custom.Events(e)
	}
	id := &e.Identity
	if tooLong(id.AccessKeyID) || tooLong(id.PrincipalID) {
		return r
	}
	r.Print.Sessions = [2]uint64{state.Hash(id.AccessKeyID), state.Hash(id.PrincipalID)}
	r.Print.Base = r.base()
	if r.repeatable() {
		r.Print.Event = r.whole()
	}
	return r
}

// tooLong tells whether an id is none that AWS gives, and so long or odd that its key is not made of it alone.
func tooLong(id string) bool { return len(id) > maxID || strings.IndexByte(id, 0) >= 0 }

// base is made of all that decides the facts that [context.base] states, but for the event's time.
func (r *Reading) base() uint64 {
	e, id := r.event, &r.event.Identity
	h := state.Mix(state.Mix(r.extractor.Version, r.Print.Sessions[0]), r.Print.Sessions[1])
	for _, text := range [...]string{
		e.SourceIPAddress, e.UserAgent, e.VPCEndpointID, e.VPCEndpointAccountID, e.RecipientAccountID, e.Type,
		id.Type, id.ARN, id.AccountID, id.UserName, id.InvokedBy, id.RoleDelivery,
		id.Issuer.Type, id.Issuer.ARN, id.Issuer.PrincipalID, id.InScopeOf.IssuerType, id.InScopeOf.CredentialsIssuedTo,
	} {
		h = state.Mix(h, state.Hash(text))
	}
	h = state.Mix(h, uint64(id.CreationDate.Unix()))
	return state.Mix(h, bit(id.AssumedRoot)|bit(e.SessionFromConsole)<<1|bit(presigned(e))<<2)
}

// whole is made of base and all that decides the facts that [context.more] states of a repeatable event.
func (r *Reading) whole() uint64 {
	e := r.event
	h := state.Mix(r.Print.Base, state.Hash(e.Source))
	h = state.Mix(h, state.Hash(e.Region))
	h = state.Mix(h, bit(isDenied(e.ErrorCode))|bit(isCallerIdentity(e))<<1|bit(isPlatformCall(e))<<2)
	for _, rule := range r.custom {
		h = state.Mix(h, state.Hash(rule))
	}
	return max(h, 1)
}

// repeatable tells whether nothing that the event states stands in its request or its response: what it says of the
// inventory, or of credentials that were made, is its own.
func (r *Reading) repeatable() bool {
	e := r.event
	if e.Addendum.OriginalEventID != "" {
		return false
	}
	return e.ErrorCode != "" || !network.Learns(e) && !mayIssue(e.Response)
}

// mayIssue tells whether a response may carry a credential.
func mayIssue(response cloudtrail.Raw) bool { return response.Mentions("accessKeyId") }

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Facts is what the event is worth remembering for, nothing for most of what AWS does by
// itself, without what is known: what all events of the same Print.Base state, that it is
// a use from its place, and what else this one states. The result does not share memory
// with the event.
func (r *Reading) Facts(known state.Knowledge) (base, use, more []state.Fact) {
	c := newContext(r)
	if known&state.BaseKnown == 0 {
		base = c.base()
	}
	if known&state.UseKnown == 0 && c.counts {
		use = []state.Fact{c.use()}
	}
	if known&state.MoreKnown == 0 {
		more = c.more()
	}
	return base, use, more
}
