package rules

import (
	"crypto/sha256"
	"encoding/hex"
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
}

// Facts is what one event is worth remembering for, nothing for most of what AWS
// does by itself. The result does not share memory with the event.
func (x Extractor) Facts(e *cloudtrail.Event) []state.Fact {
	s, signed := SessionOf(e)
	c := newContext(e, &s, signed)
	facts := network.Learn(network.Statement{Event: e, Seen: c.seen, By: c.by()})
	facts = append(facts, c.issuance()...)
	facts = append(facts, c.account()...)
	if !signed || !countable(e, &s, c.from) {
		return append(facts, c.signIn()...)
	}
	facts = append(facts, x.session(c)...)
	facts = append(facts, x.custom(c)...)
	if c.seen.Presigned {
		return facts
	}
	facts = append(facts, c.address()...)
	facts = append(facts, c.outside(x.Ranges)...)
	return append(facts, c.role()...)
}

// context is one event with what several facts need of it.
type context struct {
	event   *cloudtrail.Event
	session *Session
	signed  bool
	from    network.Caller
	host    string
	seen    state.Observation
	agent   agent
}

func newContext(e *cloudtrail.Event, s *Session, signed bool) *context {
	c := &context{event: e, session: s, signed: signed, from: network.ParseCaller(e.SourceIPAddress), agent: parseAgent(e.UserAgent)}
	c.host = c.from.Host()
	c.seen = observe(e, s, c.from)
	return c
}

// observe clones what is kept of an event.
func observe(e *cloudtrail.Event, s *Session, from network.Caller) state.Observation {
	o := state.Observation{
		Time: e.Time.Unix(), EventID: short(e.ID, 64), Source: short(e.Source, 128), Name: short(e.Name, 128),
		Agent: short(e.UserAgent, 256), Region: short(e.Region, 32), Address: short(from.Text, 256),
		AccessKey: short(s.AccessKey, 128), Session: short(s.Lock, 256), Error: short(e.ErrorCode, 128),
	}
	if network.IsEndpoint(e.VPCEndpointID) {
		o.Endpoint = short(e.VPCEndpointID, 64)
	}
	if o.EventID == "" {
		o.EventID = standInID(e)
	}
	o.Presigned = e.Source == "s3.amazonaws.com" && e.Additional.String("AuthenticationMethod") == "QueryString"
	if original := e.Addendum.OriginalEventID; original != e.ID {
		o.Corrects = short(original, 64)
	}
	return o
}

// standInID identifies an event without an eventID by its content.
func standInID(e *cloudtrail.Event) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		e.RecipientAccountID, strconv.FormatInt(e.Time.Unix(), 10), e.RequestID, e.Name, e.Identity.AccessKeyID, e.SourceIPAddress,
	}, "\x00")))
	return "noid-" + hex.EncodeToString(sum[:12])
}

// short clones a text of at most n bytes.
func short(s string, n int) string { return strings.Clone(s[:min(len(s), n)]) }

// by names who speaks: the session, or for other identities the principal, and
// the address.
func (c *context) by() string {
	who := c.session.Lock
	if !c.signed {
		who = c.event.Identity.PrincipalID
	}
	return who + "@" + c.host
}

// fact makes a fact that lives for a time after its event.
func (c *context) fact(key state.Key, r state.Retention, life time.Duration, class string, parts ...string) state.Fact {
	r.Life = life
	return state.Fact{Key: key, Member: state.NewMember(class, parts...), Observation: c.seen, Retention: r}
}

// session: where a session was used from, with which key and software.
func (x Extractor) session(c *context) []state.Fact {
	s, key := c.session, SessionKey(c.session.Lock)
	life := s.lifetime()
	once := state.Retention{Keep: 1, Members: maxSessions}
	use := state.Retention{Keep: x.Keep, Contested: x.Contested, Members: maxAddresses}
	if s.kind().perPrincipal() || s.kind() == LongTerm {
		use.Step, once.Step = step, step
	}
	used := c.fact(key, use, life, classUse, c.host, c.seen.Endpoint)
	used.Value = short(c.event.VPCEndpointAccountID, 12)
	token := c.fact(key, once, life, classToken, s.AccessKey)
	token.Value = s.encode()
	if c.seen.Presigned {
		return []state.Fact{token, used}
	}
	facts := []state.Fact{token, used,
		c.fact(key, once, life, classAgent, c.host, c.seen.Endpoint, c.agent.family, c.agent.system, c.agent.version)}
	return append(facts, c.conduct(key, life)...)
}

// conduct: the calls that tell something of who makes them.
func (c *context) conduct(key state.Key, life time.Duration) []state.Fact {
	var facts []state.Fact
	some := state.Retention{Keep: 16, Members: maxSessions}
	switch {
	case c.session.Stated == LongTerm:
	case isDenied(c.event.ErrorCode):
		facts = append(facts, c.fact(key, some, life, classDenied, c.host, c.seen.Endpoint))
	case c.isCallerIdentity():
		facts = append(facts, c.fact(key, some, life, classIdentity, c.host, c.seen.Endpoint))
	}
	if c.agent.bare() && !c.isCallerIdentity() {
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

func (c *context) isCallerIdentity() bool {
	return c.event.Source == "sts.amazonaws.com" && c.event.Name == "GetCallerIdentity"
}

// isPlatform: a call that AWS's own agent makes on an instance and that nobody has
// a reason to make elsewhere. The user agent is not asked: the caller chooses it.
func (c *context) isPlatform() bool {
	if k := c.session.kind(); k != EC2 && k != Hybrid || c.event.Source != "ssm.amazonaws.com" {
		return false
	}
	switch c.event.Name {
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
	return []state.Fact{c.fact(SessionKey(c.event.Identity.PrincipalID), some, 48*time.Hour, classConsole, c.host, c.seen.Endpoint)}
}

// address: who uses an address, and which machines' sessions do.
func (c *context) address() []state.Fact {
	s := c.session
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
	case k == LongTerm && c.agent.manual():
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
	s := c.session
	if s.RoleARN == "" {
		return nil
	}
	key := RoleKey(s.Account, s.RoleARN)
	facts := []state.Fact{c.fact(key, state.Retention{}, roleLife, classActive)}
	if c.isCallerIdentity() {
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
