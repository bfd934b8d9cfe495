package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Classes of members under a SessionKey.
const (
	classUse      = "use"      // host, endpoint: where the session was used from
	classToken    = "token"    // access key: what the credential is
	classAgent    = "agent"    // host, endpoint, family, system, version: with what
	classDenied   = "denied"   // host, endpoint: calls that were denied
	classConsole  = "console"  // host, endpoint: sign-in and console calls
	classIdentity = "identity" // host, endpoint: GetCallerIdentity; under a RoleKey: by any session
	classIssued   = "issued"   // access key, service: under a CredentialKey who issued it; under a SessionKey what it issued
	classSession  = "session"  // lock: under an address, instance or endpoint which sessions used it
	classUsed     = "used"     // class of identity: under an address who used it
	classConvict  = "convict"  // lock: under an address whose thief it is
	classAccuse   = "accuse"   // lock: under an address where a thief may have made credentials with it
	classActs     = "acts"     // host, endpoint: anything but GetCallerIdentity, with software that cannot sign
	classPlatform = "platform" // host, endpoint: what AWS's own agent calls on an instance
	classReach    = "reach"    // host, endpoint, service, region: what a machine called from where
	classRegion   = "region"   // region: under a RoleKey
	classActive   = "active"   // under a RoleKey since when it is known; under an account that its trail is ours
	classWatch    = "watch"    // lock: under an account the sessions with an unexplained address
)

// Bounds of what is kept; see state.Retention.
const (
	maxAddresses = 256
	maxSessions  = 64
	step         = 6 * time.Hour
	addressLife  = 48 * time.Hour
	roleLife     = 90 * 24 * time.Hour
)

// Extractor reduces events to facts.
type Extractor struct {
	// Keep is how many events of a quiet session are remembered an address;
	// Contested how many of a disputed one.
	Keep, Contested int
	// Custom are the operator's own rules over events; nil: none.
	Custom Custom
	// Ranges are the address ranges that AWS publishes; nil: no facts about them.
	Ranges *network.Ranges
	// Version tells apart, in Prints, Extractors of which some state other facts.
	Version uint64
}

// Facts is all that one event is worth remembering for; see [Reading.Facts].
func (x Extractor) Facts(e *cloudtrail.Event) []state.Fact {
	r := x.Read(e)
	base, use, more := r.Facts(0)
	return slices.Concat(base, use, more)
}

// context is one event with what several facts need of it.
type context struct {
	extractor Extractor
	event     *cloudtrail.Event
	session   Session
	signed    bool
	counts    bool // signed, and made by the holder
	custom    []string
	from      network.Caller
	host      string
	seen      state.Observation
	parsed    *agent // its user agent, once somebody asks
}

func newContext(r *Reading) *context {
	e := r.event
	c := &context{extractor: r.extractor, event: e, custom: r.custom, from: network.ParseCaller(e.SourceIPAddress)}
	c.from.Text = state.Bounded(c.from.Text, maxName)
	c.session, c.signed = SessionOf(e)
	c.counts = c.signed && countable(e, &c.session, c.from)
	c.host = c.from.Host()
	c.seen = observe(e, &c.session, c.from)
	return c
}

// agent is the software that the event was made with.
func (c *context) agent() *agent {
	if c.parsed == nil {
		a := parseAgent(c.event.UserAgent)
		c.parsed = &a
	}
	return c.parsed
}

// base: what all events of one credential, place and software state alike. All that it depends on is in [Reading.base].
func (c *context) base() []state.Fact {
	facts := c.account()
	if !c.counts {
		return facts
	}
	facts = append(facts, c.holder()...)
	if c.seen.Presigned {
		return facts
	}
	facts = append(facts, c.address()...)
	return append(facts, c.outside()...)
}

// more: what depends on the call too. All that it depends on in a repeatable event is in [Reading.whole].
func (c *context) more() []state.Fact {
	facts := network.Learn(network.Statement{Event: c.event, Seen: c.seen, By: c.by()})
	facts = append(facts, c.issuance()...)
	if !c.counts {
		return append(facts, c.signIn()...)
	}
	facts = append(facts, c.met()...)
	if c.seen.Presigned {
		return facts
	}
	facts = append(facts, c.conduct()...)
	return append(facts, c.role()...)
}

// observe clones what is kept of an event.
func observe(e *cloudtrail.Event, s *Session, from network.Caller) state.Observation {
	o := state.Observation{
		Time: e.Time.Unix(), EventID: state.Short(e.ID, 64), Source: state.Short(e.Source, 128), Name: state.Short(e.Name, 128),
		Agent: state.Short(e.UserAgent, 256), Region: state.Short(e.Region, 32), Address: state.Short(from.Text, 256),
		AccessKey: state.Short(s.AccessKey, maxID), Session: state.Short(s.Lock, maxID), Error: state.Short(e.ErrorCode, 128),
	}
	if network.IsEndpoint(e.VPCEndpointID) {
		o.Endpoint = state.Short(e.VPCEndpointID, 64)
	}
	if o.EventID == "" {
		o.EventID = standInID(e)
	}
	o.Presigned = presigned(e)
	if original := e.Addendum.OriginalEventID; original != e.ID {
		o.Corrects = state.Short(original, 64)
	}
	return o
}

// presigned tells whether a presigned URL made the call.
func presigned(e *cloudtrail.Event) bool {
	return e.Source == "s3.amazonaws.com" && e.Additional.Mentions("QueryString") && e.Additional.String("AuthenticationMethod") == "QueryString"
}

// standInID identifies an event without an eventID by its content.
func standInID(e *cloudtrail.Event) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		e.RecipientAccountID, strconv.FormatInt(e.Time.Unix(), 10), e.RequestID, e.Name, e.Identity.AccessKeyID, e.SourceIPAddress,
	}, "\x00")))
	return "noid-" + hex.EncodeToString(sum[:12])
}

// by names who speaks: the session, or for other identities the principal, and
// the address.
func (c *context) by() string {
	who := c.session.Lock
	if !c.signed {
		who = idOf(c.event.Identity.PrincipalID)
	}
	return who + "@" + c.host
}

// fact makes a fact that lives for a time after its event.
func (c *context) fact(key state.Key, r state.Retention, life time.Duration, class string, parts ...string) state.Fact {
	r.Life = life
	return state.Fact{Key: key, Member: state.NewMember(class, parts...), Observation: c.seen, Retention: r}
}

// use: where a session was used from. It depends on no more than what base does.
func (c *context) use() state.Fact {
	s := &c.session
	r := state.Retention{Keep: c.extractor.Keep, Contested: c.extractor.Contested, Members: maxAddresses}
	if s.stays() {
		r.Step = step
	}
	used := c.fact(SessionKey(s.Lock), r, s.lifetime(), classUse, c.host, c.seen.Endpoint)
	used.Value = state.Short(c.event.VPCEndpointAccountID, 12)
	return used
}

// holder: with which key and software a session was used, and that its role is known.
func (c *context) holder() []state.Fact {
	s, key := &c.session, SessionKey(c.session.Lock)
	life := s.lifetime()
	once := state.Retention{Keep: 1, Members: maxSessions}
	if s.stays() {
		once.Step = step
	}
	token := c.fact(key, once, life, classToken, s.AccessKey)
	token.Value = s.encode()
	facts := []state.Fact{token}
	if c.seen.Presigned {
		return facts
	}
	facts = append(facts, c.fact(key, once, life, classAgent, c.host, c.seen.Endpoint, c.agent().family, c.agent().system, c.agent().version))
	if s.RoleARN != "" {
		facts = append(facts, c.fact(RoleKey(s.Account, s.RoleARN), state.Retention{}, roleLife, classActive))
	}
	return facts
}

// stays tells whether a session outlives any one credential, so that what is known of it has to be noted anew.
func (s *Session) stays() bool { return s.kind().perPrincipal() || s.kind() == LongTerm }

// conduct: the calls that tell something of who makes them.
func (c *context) conduct() []state.Fact {
	var facts []state.Fact
	key, life := SessionKey(c.session.Lock), c.session.lifetime()
	some := state.Retention{Keep: 16, Members: maxSessions}
	switch {
	case c.session.Stated == LongTerm:
	case isDenied(c.event.ErrorCode):
		facts = append(facts, c.fact(key, some, life, classDenied, c.host, c.seen.Endpoint))
	case isCallerIdentity(c.event):
		facts = append(facts, c.fact(key, some, life, classIdentity, c.host, c.seen.Endpoint))
	}
	if c.agent().bare() && !isCallerIdentity(c.event) {
		facts = append(facts, c.fact(key, state.Retention{Members: maxSessions}, life, classActs, c.host, c.seen.Endpoint))
	}
	if c.isPlatform() {
		facts = append(facts, c.fact(key, state.Retention{Members: maxSessions, Step: step}, life, classPlatform, c.host, c.seen.Endpoint))
	}
	if c.session.kind().Compute() {
		facts = append(facts, c.fact(key, state.Retention{Members: 4 * maxSessions}, life, classReach, c.host, c.seen.Endpoint, c.event.Source, c.event.Region))
	}
	if c.isConsole() {
		facts = append(facts, c.fact(key, some, life, classConsole, c.host, c.seen.Endpoint))
	}
	return facts
}

func isCallerIdentity(e *cloudtrail.Event) bool {
	return e.Source == "sts.amazonaws.com" && e.Name == "GetCallerIdentity"
}

// isPlatform: a call that AWS's own agent makes on an instance and that nobody has
// a reason to make elsewhere. The user agent is not asked: the caller chooses it.
func (c *context) isPlatform() bool {
	k := c.session.kind()
	return (k == EC2 || k == Hybrid) && isPlatformCall(c.event)
}

func isPlatformCall(e *cloudtrail.Event) bool {
	if e.Source != "ssm.amazonaws.com" {
		return false
	}
	switch e.Name {
	case "UpdateInstanceInformation", "ListInstanceAssociations", "UpdateInstanceAssociationStatus", "PutInventory", "PutComplianceItems":
		return true
	}
	return false
}

// isConsole: a sign-in with the session's credentials. Machines do not sign in.
func (c *context) isConsole() bool {
	return c.event.Source == "signin.amazonaws.com" || c.event.Type == "AwsConsoleSignIn"
}

func isDenied(code string) bool {
	return strings.Contains(code, "AccessDenied") || strings.Contains(code, "UnauthorizedOperation") ||
		code == "AuthorizationError" || code == "AccessDeniedException"
}

// signIn: a console sign-in that carries no key but names the principal session
// whose credentials opened it.
func (c *context) signIn() []state.Fact {
	if !c.isConsole() || c.event.Identity.Type != "AssumedRole" || c.from.Class == network.Service {
		return nil
	}
	if sessionShape := shapedKind(c.event, sessionName(c.event.Identity.PrincipalID)); !sessionShape.perPrincipal() {
		return nil
	}
	some := state.Retention{Keep: 16, Members: maxSessions}
	return []state.Fact{c.fact(SessionKey(idOf(c.event.Identity.PrincipalID)), some, 48*time.Hour, classConsole, c.host, c.seen.Endpoint)}
}

// address: who uses an address, and which machines' sessions do.
func (c *context) address() []state.Fact {
	s := &c.session
	key := network.AddressKey(s.Account, c.host)
	var facts []state.Fact
	if class := c.usedBy(); class != "" {
		facts = append(facts, c.fact(key, state.Retention{Step: step}, addressLife, classUsed, class))
	}
	listed := state.Retention{Members: maxSessions}
	if s.kind().Compute() {
		facts = append(facts, c.fact(key, listed, s.lifetime(), classSession, s.Lock))
	}
	if id := s.Instance(); id != "" {
		facts = append(facts, c.fact(network.InstanceKey(id), listed, roleLife, classSession, s.Lock))
	}
	if s.Lock != s.AccessKey && s.Stated == "" {
		facts = append(facts, c.fact(CredentialKey(s.AccessKey), listed, s.lifetime(), classSession, s.Lock))
	}
	if c.seen.Endpoint != "" && s.Stated != LongTerm {
		facts = append(facts, c.fact(network.EndpointKey(c.seen.Endpoint), listed, roleLife, classSession, s.Lock))
	}
	return facts
}

// Classes of identity under an address.
const (
	usedByPerson  = "person"  // somebody's own session, or a long-term key with tools that people work with
	usedByProgram = "program" // a long-term key with anything else
)

func (c *context) usedBy() string {
	k := c.session.kind()
	switch {
	case k == LongTerm && c.agent().manual():
		return usedByPerson
	case k == LongTerm:
		return usedByProgram
	case k.person() && !c.event.SessionFromConsole:
		return usedByPerson
	}
	return ""
}

// role: what the sessions of a role do, so that something new can be told.
func (c *context) role() []state.Fact {
	s := &c.session
	if s.RoleARN == "" {
		return nil
	}
	key := RoleKey(s.Account, s.RoleARN)
	var facts []state.Fact
	if isCallerIdentity(c.event) {
		facts = append(facts, c.fact(key, state.Retention{Keep: 4}, roleLife, classIdentity))
	}
	if c.event.Region != "" {
		facts = append(facts, c.fact(key, state.Retention{Keep: 4, Members: maxSessions}, roleLife, classRegion, c.event.Region))
	}
	return facts
}

// account: that a trail's account is ours.
func (c *context) account() []state.Fact {
	if len(c.event.RecipientAccountID) != 12 {
		return nil
	}
	return []state.Fact{c.fact(network.AccountKey(c.event.RecipientAccountID), state.Retention{Step: 30 * 24 * time.Hour}, roleLife, classActive)}
}
