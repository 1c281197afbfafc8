package xsim

import (
	"encoding/json"
	"net/http"
	"strings"
)

// problems is the place of X's problem types.
const problems = "https://api.x.com/2/problems/"

// problem is an error answer in X's shape. It is an error, so that handlers return it.
type problem struct {
	Title        string   `json:"title"`
	Detail       string   `json:"detail"`
	Type         string   `json:"type"`
	Status       int      `json:"status"`
	Parameter    string   `json:"parameter,omitempty"`
	Value        string   `json:"value,omitempty"`
	ResourceType string   `json:"resource_type,omitempty"`
	ResourceID   string   `json:"resource_id,omitempty"`
	Connection   string   `json:"connection_issue,omitempty"`
	Errors       []object `json:"errors,omitempty"`

	why string // for the request log only
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func (p *problem) reply() reply {
	b, _ := json.Marshal(p) // strings and numbers only
	return reply{status: p.Status, kind: "application/problem+json", body: b, why: strings.TrimSuffix(p.Detail+": "+p.why, ": ")}
}

// blank is a problem without a type of its own: the status says it all.
func blank(status int, detail string) *problem {
	return &problem{Title: http.StatusText(status), Detail: detail, Type: "about:blank", Status: status}
}

// invalid is a fault of the request in the named parameter.
func invalid(parameter, value, detail string) *problem {
	p := &problem{
		Title: "Invalid Request", Detail: detail, Type: problems + "invalid-request", Status: http.StatusBadRequest,
		Parameter: parameter, Value: clip(value, 200),
	}
	e := object{"message": detail}
	if parameter != "" {
		e["parameters"] = object{parameter: []string{p.Value}}
	}
	p.Errors = []object{e}
	return p
}

// notFound says that a resource does not exist or is not shown to the caller.
func notFound(kind, parameter, id string) *problem {
	return &problem{
		Title: "Not Found Error", Detail: "There is no " + kind + " with " + parameter + " " + clip(id, 60) + ".",
		Type: problems + "resource-not-found", Status: http.StatusNotFound,
		Parameter: parameter, Value: clip(id, 60), ResourceID: clip(id, 60), ResourceType: kind,
	}
}

// missing is the same fault as an entry of errors beside data.
func missing(kind, parameter, id string) object {
	p := notFound(kind, parameter, id)
	return object{
		"title": p.Title, "detail": p.Detail, "type": p.Type, "parameter": parameter, "value": p.Value,
		"resource_id": p.ResourceID, "resource_type": kind,
	}
}

func unauthorized(why string) *problem {
	p := blank(http.StatusUnauthorized, "Unauthorized")
	p.why = why
	return p
}

func forbidden(detail string) *problem { return blank(http.StatusForbidden, detail) }

// wrongAuth says that the route knows this way of authenticating not.
func wrongAuth(used AuthKind, taken []string) *problem {
	return &problem{
		Title: "Unsupported Authentication", Type: problems + "unsupported-authentication", Status: http.StatusForbidden,
		Detail: "This endpoint does not take " + used.name() + ". It takes: " + strings.Join(taken, ", ") + ".",
	}
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
