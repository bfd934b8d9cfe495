package custom

import (
	"encoding/json"

	"cel.dev/cel-go/cel"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Names of the variables of a rule over events.
const (
	eventVar    = "event"
	requestVar  = "event.request"
	responseVar = "event.response"
)

// eventVars are the variables that the predicates over one event see. Requests and
// responses are parsed when the first predicate asks for them: most never do.
type eventVars struct {
	event             *cloudtrail.Event
	fields            *Event
	request, response map[string]any
}

var _ cel.Activation = (*eventVars)(nil)

// ResolveName implements cel.Activation.
func (v *eventVars) ResolveName(name string) (any, bool) {
	switch name {
	case eventVar:
		if v.fields == nil {
			v.fields = fieldsOf(v.event)
		}
		return v.fields, true
	case requestVar:
		return parsed(&v.request, v.event.Request), true
	case responseVar:
		return parsed(&v.response, v.event.Response), true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (v *eventVars) Parent() cel.Activation { return nil }

// parsed reads an object once; what is none is an empty map.
func parsed(into *map[string]any, raw cloudtrail.Raw) map[string]any {
	if *into == nil && json.Unmarshal([]byte(raw.JSON()), into) != nil {
		*into = nil
	}
	if *into == nil {
		*into = map[string]any{}
	}
	return *into
}

func fieldsOf(e *cloudtrail.Event) *Event {
	id := &e.Identity
	return &Event{
		ID: e.ID, Time: e.Time, Source: e.Source, Name: e.Name, Type: e.Type, Category: e.Category, Region: e.Region,
		Address: e.SourceIPAddress, UserAgent: e.UserAgent, ErrorCode: e.ErrorCode, ErrorMessage: e.ErrorMessage,
		VPCEndpointID: e.VPCEndpointID, AccountID: e.RecipientAccountID, ReadOnly: e.ReadOnly,
		Identity: Identity{
			Type: id.Type, PrincipalID: id.PrincipalID, ARN: id.ARN, AccountID: id.AccountID, AccessKeyID: id.AccessKeyID,
			UserName: id.UserName, RoleARN: id.Issuer.ARN, InvokedBy: id.InvokedBy, SourceIdentity: id.SourceIdentity, MFA: id.MFA,
		},
	}
}
